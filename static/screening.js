// The screening: quicker ways to answer. Each of them fills in real fields, which also work alone.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tell = (node) => node?.dispatchEvent(new Event("change", { bubbles: true }));
  const isChoice = (input) => input.matches("[type=radio], [type=checkbox]");

  // A second tap on an answer takes it back: "not looked at" must stay sayable.
  let chosenBefore = null;
  document.addEventListener("pointerdown", (event) => {
    const radio = event.target.closest("form.clearable input[type=radio]");
    chosenBefore = radio?.checked ? radio : null;
  });
  document.addEventListener("click", (event) => {
    if (chosenBefore && event.target === chosenBefore) {
      chosenBefore.checked = false;
      tell(chosenBefore);
    }
    chosenBefore = null;
  });

  // "No to the rest", "Nothing else seen here": answers what is still open in the block.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-answer-rest]");
    if (!button) return;
    for (const question of all("[data-rest]", button.closest(".question-block"))) {
      if (question.querySelector("input:checked")) continue;
      const rest = question.querySelector(`input[value="${question.dataset.rest}"]`);
      if (rest) rest.checked = true;
    }
    tell(button.closest(".question-block"));
  });

  // Copy every answer of one side to the other.
  const copySide = (from, to) => {
    for (const source of all(`[name^="${from}-"]`)) {
      const name = to + source.name.slice(from.length);
      const value = isChoice(source) ? `[value="${source.value}"]` : "";
      const target = document.querySelector(`[name="${name}"]${value}`);
      if (!target || source.type === "hidden") continue;
      if (isChoice(source)) target.checked = source.checked;
      else target.value = source.value;
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy-from]");
    if (!button) return;
    copySide(button.dataset.copyFrom, button.dataset.copyTo);
    tell(button.closest("section"));
  });

  // Left and right alike: the server keeps the right side as the left. When the tick is taken
  // back, the right side shows what it was kept as.
  document.addEventListener("change", (event) => {
    if (event.target.id !== "id_alike" || event.target.checked) return;
    for (const button of all("[data-copy-from]"))
      copySide(button.dataset.copyFrom, button.dataset.copyTo);
  });

  // "Still right": the answers of the last screening, where none was given today.
  document.addEventListener("change", (event) => {
    const tick = event.target.closest(".same input");
    if (!tick?.checked) return;
    for (const question of all("[data-was]", tick.closest(".question-block"))) {
      if (question.querySelector("input:checked")) continue;
      const was = question.querySelector(`input[value="${question.dataset.was}"]`);
      if (was) was.checked = true;
    }
  });

  // What sticks below the patient strip must know how tall its tags have made it.
  const strip = document.querySelector(".patient-strip");
  if (strip)
    new ResizeObserver(() =>
      document.documentElement.style.setProperty("--strip-height", `${strip.offsetHeight}px`),
    ).observe(strip);

  // A zone of the body map is a second handle of its checkbox.
  document.addEventListener("click", (event) => {
    const zone = event.target.closest("[data-region]");
    if (!zone) return;
    document.querySelector(`input[name="regions"][value="${zone.dataset.region}"]`)?.click();
  });

  // On a narrow screen the reasons open above the form; what is missing closes them again.
  const open = (isOpen) => {
    const panel = document.getElementById("why");
    panel?.classList.toggle("is-open", isOpen);
    panel?.querySelector("[data-toggle-why]")?.setAttribute("aria-expanded", String(isOpen));
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-toggle-why]"))
      open(!document.getElementById("why").classList.contains("is-open"));
    if (event.target.closest("#why a[href^='#']")) open(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector("#why.is-open")) {
      open(false);
      document.querySelector("[data-toggle-why]")?.focus();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "why-live")
      open(document.getElementById("why").classList.contains("is-open"));
  });

  // What could not be sent is sent when the connection is back.
  window.addEventListener("online", () => {
    const live = document.getElementById("why-live");
    if (live) htmx.trigger(live, "refresh");
  });
})();
