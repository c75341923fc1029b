// The form of a session: what it copies from the last one, and its products. Each of these fills in
// fields that work alone; what it changes it tells with input and change events.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = () => document.getElementById("visit-form");
  const tell = (field) => {
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
  };

  // Products: a lot of another product cannot be chosen, and the first that expires is proposed.

  const lotsOf = (row) => {
    const product = row.querySelector("[data-product-choice]").value;
    const lot = row.querySelector("[data-lot-choice]");
    for (const option of lot.options) {
      const isOther = Boolean(option.dataset.product) && option.dataset.product !== product;
      option.hidden = Boolean(product) && isOther;
    }
    for (const group of all("optgroup", lot))
      group.hidden = [...group.children].every((option) => option.hidden);
    const chosen = lot.selectedOptions[0];
    if (product && (!chosen?.value || chosen.hidden)) {
      const first = [...lot.options].find(
        (option) => option.dataset.product === product && !option.disabled,
      );
      lot.value = first?.value ?? "";
      tell(lot);
    }
    if (!product && chosen?.dataset.product)
      row.querySelector("[data-product-choice]").value = chosen.dataset.product;
  };
  document.addEventListener("change", (event) => {
    const row = event.target.closest?.(".given-row");
    if (row && event.target.matches("[data-product-choice], [data-lot-choice]")) lotsOf(row);
  });

  // Rows that hold nothing wait behind a button.
  const spare = () => all(".given-row[data-spare]");
  const fold = () => {
    const filled = (row) => all("select, input", row).some((field) => field.value);
    for (const row of spare()) row.hidden = !filled(row);
    const more = document.querySelector("[data-more-products]");
    if (more) more.hidden = spare().every((row) => !row.hidden);
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-more-products]")) return;
    const next = spare().find((row) => row.hidden);
    if (!next) return;
    next.hidden = false;
    next.querySelector("select").focus();
    event.target.closest("button").hidden = spare().every((row) => !row.hidden);
  });

  // Repeat: the values come with the page. What stood there before comes back with "Undo".

  let before = null;
  const fieldsOf = (name) => all(`[name="${CSS.escape(name)}"]`, form());
  const read = (name) => {
    const fields = fieldsOf(name);
    if (fields[0]?.type === "checkbox")
      return fields.filter((field) => field.checked).map((field) => field.value);
    return fields[0]?.value ?? "";
  };
  const write = (name, value) => {
    for (const field of fieldsOf(name)) {
      if (field.type === "checkbox") field.checked = value.includes(field.value);
      else field.value = value;
    }
  };
  const fill = (values) => {
    for (const [name, value] of Object.entries(values)) write(name, value);
    for (const row of all(".given-row")) lotsOf(row);
    fold();
    document.querySelector("[data-point-map]")?.dispatchEvent(new Event("pointmap:refresh"));
    const first = fieldsOf(Object.keys(values)[0])[0];
    if (first) tell(first);
  };
  const marked = (isCopied) => {
    for (const block of all("[data-copied-block]")) {
      if (isCopied) block.dispatchEvent(new Event("copied:show", { bubbles: true }));
      else for (const tag of all("[data-copied-tag]", block)) tag.hidden = true;
    }
    const undo = document.querySelector("[data-undo-repeat]");
    if (undo) undo.hidden = !isCopied;
  };
  document.addEventListener("click", (event) => {
    const repeat = event.target.closest("[data-repeat]");
    const undo = event.target.closest("[data-undo-repeat]");
    if (repeat) {
      event.preventDefault();
      const values = JSON.parse(document.getElementById(repeat.dataset.repeat).textContent);
      const lots = all(".given-row [data-lot-choice], .given-row [data-lot-confirmed]");
      before = Object.fromEntries(
        [...Object.keys(values), ...lots.map((field) => field.name)].map((name) => [name, read(name)]),
      );
      fill(values);
      marked(true);
    }
    if (undo && before) {
      fill(before);
      for (const name of Object.keys(before)) write(name, before[name]);
      before = null;
      marked(false);
    }
  });

  // One tap for what is usually done together; each stays a tick of its own.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tick-all]");
    if (!button) return;
    for (const tick of all(".closing input[type=checkbox]", form())) tick.checked = true;
    tell(form().querySelector(".closing input"));
  });

  // A finger that answered the last check goes on to the weight, so that it can be typed at once.
  // Keys and screen readers stay where they are.
  document.addEventListener("click", (event) => {
    if (event.pointerType !== "touch" || !event.target.matches?.("#step-checks .check input")) return;
    const checks = all("#step-checks .check:has(input[type=radio]):not(.photos-fold *)");
    const weight = document.getElementById("id_measure_weight");
    if (weight && !weight.value && checks.every((row) => row.querySelector(":checked"))) weight.focus();
  });

  const wake = () => {
    if (!form()) return;
    const undo = document.querySelector("[data-undo-repeat]");
    if (undo) undo.hidden = before === null;
    for (const row of all(".given-row")) {
      const product = row.querySelector("[data-product-choice]");
      if (product?.value) lotsOf(row);
    }
    fold();
  };
  document.addEventListener("DOMContentLoaded", wake);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "visit-form") wake();
  });
})();
