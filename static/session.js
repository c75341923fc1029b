// Widgets of the bedside. Each adds to plain fields, which work alone; whatever a widget changes,
// it tells with input and change events. All of them are found by their attributes:
//
// Stepper       [data-stepper] around one decimal field; its buttons have data-step-by="0.5" or
//               "-0.5"; data-min (0 when left out) and data-max bound it. Comma or point.
// Copied        [data-copied] around a block, with [data-copied-tag] ("from session 4") and, if the
//               server shall know, a hidden [data-copied-mark]. The first change of a field within
//               takes all three away. "copied:show" on the block brings them back.
// Lot           [data-lot] around a row, with [data-lot-confirmed] (a select or hidden field: "",
//               "tap" or "scan"), a button [data-lot-confirm] and [data-lot-state]. The lot is
//               data-lot="L2391", or the chosen option of [data-lot-choice], whose options carry
//               data-lot-number and, where they cannot be used, data-why. Another lot: not confirmed.
// Scanner       [data-scan], a text field that a scanner types into and ends with Enter. It confirms
//               the row of that lot in its form, choosing it there if need be. [data-scan-said] says
//               so, with the sentences data-found, data-unknown and data-refused ({lot}, {why}).
// Readings      [data-readings] around the readings of one measure: [data-reading] twice, a third
//               within [data-third]. data-limit (0.5) is what two may differ by; [data-mean] shows
//               the mean, [data-apart] the sentence data-sentence ({cm}). With data-baseline and
//               data-noise, [data-change] shows the change, grey within the measuring error,
//               and the dot of [data-band] lies inside the band of that error, or beyond it.
// Sums          [data-drawn] and [data-wasted] fields in rows [data-volumes], each with [data-given];
//               [data-sum="drawn"], "given" and "wasted" show the sums of the form, in ml.
// Left          [data-left] lists links to what is still to be done: each [data-needed="hip reading"]
//               (with an id) whose fields hold nothing. Fields in something hidden do not count.
//               data-one, data-many ({n}) and data-none are its words; {lot} in a name is the row's.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const number = (text) => Number.parseFloat(String(text ?? "").trim().replace(",", "."));
  const tell = (field) => {
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
  };
  const fillIn = (sentence, values) =>
    (sentence ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  const clock = () =>
    new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

  // Stepper ----------------------------------------------------------------------------------------

  const step = (button) => {
    const box = button.closest("[data-stepper]");
    const field = box.querySelector("input");
    const by = Number(button.dataset.stepBy);
    const places = (button.dataset.stepBy.split(".")[1] ?? "").length;
    const low = Number(box.dataset.min ?? 0);
    const high = Number(box.dataset.max ?? Infinity);
    const found = number(field.value) || 0;
    const next = Math.min(high, Math.max(low, found + by)).toFixed(places);
    field.value = field.value.includes(",") ? next.replace(".", ",") : next;
    tell(field);
  };

  // Copied -----------------------------------------------------------------------------------------

  const touched = (block) => {
    block.removeAttribute("data-copied");
    block.dataset.wasCopied = "";
    for (const tag of all("[data-copied-tag]", block)) tag.hidden = true;
    for (const mark of all("[data-copied-mark]", block)) mark.value = "";
  };
  document.addEventListener("copied:show", (event) => {
    const block = event.target.closest("[data-copied], [data-was-copied]") ?? event.target;
    block.dataset.copied = "";
    for (const tag of all("[data-copied-tag]", block)) tag.hidden = false;
    for (const mark of all("[data-copied-mark]", block)) mark.value = "yes";
  });

  // Lots and the scanner ---------------------------------------------------------------------------

  const choiceOf = (row) => row.querySelector("[data-lot-choice]");
  const lotOf = (row) => {
    const choice = choiceOf(row);
    return choice ? (choice.selectedOptions[0]?.dataset.lotNumber ?? "") : row.dataset.lot;
  };
  const showLot = (row, time = "") => {
    const how = row.querySelector("[data-lot-confirmed]").value;
    const button = row.querySelector("[data-lot-confirm]");
    const state = row.querySelector("[data-lot-state]");
    const lot = lotOf(row);
    row.classList.toggle("is-confirmed", Boolean(how));
    button.hidden = Boolean(how) || !lot;
    for (const name of all("[data-lot-name]", button)) name.textContent = lot;
    state.hidden = !how;
    if (time) for (const at of all("[data-lot-time]", state)) at.textContent = time;
  };
  const confirmLot = (row, how) => {
    const field = row.querySelector("[data-lot-confirmed]");
    field.value = how;
    showLot(row, how ? clock() : "");
    tell(field);
  };
  const same = (one, other) => {
    const plain = (text) => (text ?? "").replace(/[\s-]/g, "").toUpperCase();
    return plain(one) !== "" && plain(one) === plain(other);
  };
  /** The lot in what was scanned: the whole of it, or what stands behind (10) in a GS1 code. */
  const lotIn = (text) => /\(10\)([^()]+)/.exec(text)?.[1] ?? text.trim();
  const scan = (field) => {
    const lot = lotIn(field.value);
    const said = field.closest("form, section, body").querySelector("[data-scan-said]");
    const say = (sentence, why = "") => {
      said.textContent = fillIn(field.dataset[sentence], { lot, why });
      said.classList.toggle("is-wrong", sentence !== "found");
    };
    if (!lot) return;
    const rows = all("[data-lot]", field.form ?? document);
    const row =
      rows.find((each) => same(lotOf(each), lot) && !each.matches(".is-confirmed")) ??
      rows.find((each) => same(lotOf(each), lot));
    const usable = row && !optionOf(row, lot)?.dataset.why;
    const other = row ? null : rows.find((each) => optionOf(each, lot));
    const option = optionOf(row ?? other, lot);
    if (option?.dataset.why) say("refused", option.dataset.why);
    else if (usable || other) {
      if (other) {
        choiceOf(other).value = option.value;
        tell(choiceOf(other));
      }
      confirmLot(row ?? other, "scan");
      say("found");
    } else say("unknown");
    field.value = "";
  };
  const optionOf = (row, lot) =>
    row && [...(choiceOf(row)?.options ?? [])].find((option) => same(option.dataset.lotNumber, lot));

  // Readings ---------------------------------------------------------------------------------------

  const signed = (value) => {
    const text = Math.abs(value).toFixed(1);
    return text === "0.0" ? "±0.0" : `${value < 0 ? "\u2212" : "+"}${text}`;
  };
  const readings = (row) => {
    const third = row.querySelector("[data-third]");
    const given = all("[data-reading]", row).map((field) => number(field.value));
    const two = given.slice(0, 2);
    const apart = Math.abs(two[0] - two[1]);
    // A hundredth less, because 102.2 - 101.7 is a little more than 0.5 in binary.
    const isApart = apart > Number(row.dataset.limit ?? 0.5) + 0.01;
    const hasThird = third && Boolean(third.querySelector("input")?.value);
    if (third) third.hidden = !isApart && !hasThird;
    row.classList.toggle("is-apart", isApart && !hasThird);
    const said = row.querySelector("[data-apart]");
    if (said) {
      said.hidden = !isApart;
      said.querySelector("span").textContent = fillIn(said.dataset.sentence, { cm: apart.toFixed(1) });
    }
    const counted = given.filter((value) => !Number.isNaN(value));
    const sum = counted.reduce((total, value) => total + value, 0);
    const shown = row.querySelector("[data-mean]");
    // While a third reading is due there is no mean yet.
    const mean = isApart && !hasThird ? NaN : sum / counted.length;
    if (shown) shown.textContent = counted.length > 1 && !Number.isNaN(mean) ? mean.toFixed(1) : "";
    const change = row.querySelector("[data-change]");
    if (!change) return;
    const by = mean - number(row.dataset.baseline);
    change.textContent = Number.isNaN(by) ? "" : signed(by);
    const noise = Number(row.dataset.noise ?? 0);
    const isNoise = Math.abs(by) < noise;
    change.classList.toggle("is-noise", isNoise);
    const band = row.querySelector("[data-band]");
    if (!band || !noise) return;
    band.toggleAttribute("hidden", Number.isNaN(by));
    band.classList.toggle("is-noise", isNoise);
    // The edges of the band lie 28 from its middle; the dot stops before the end of the drawing.
    const dot = Math.max(-42, Math.min(42, ((by || 0) / noise) * 28));
    band.querySelector("circle").setAttribute("cx", (48 + dot).toFixed(1));
  };

  // Sums -------------------------------------------------------------------------------------------

  const sums = () => {
    const total = { drawn: 0, given: 0, wasted: 0 };
    for (const row of all("[data-volumes]")) {
      const drawn = number(row.querySelector("[data-drawn]")?.value) || 0;
      const wasted = number(row.querySelector("[data-wasted]")?.value) || 0;
      for (const cell of all("[data-given]", row)) cell.textContent = (drawn - wasted).toFixed(1);
      total.drawn += drawn;
      total.wasted += wasted;
      total.given += drawn - wasted;
    }
    for (const cell of all("[data-sum]")) cell.textContent = total[cell.dataset.sum].toFixed(1);
  };

  // What is left -----------------------------------------------------------------------------------

  const isShown = (field) => !field.closest("[hidden]") && !field.disabled;
  const isDone = (needed) => {
    const fields = needed.matches("input, select, textarea")
      ? [needed]
      : all("input, select, textarea", needed).filter(isShown);
    const choices = fields.filter((field) => field.matches("[type=checkbox], [type=radio]"));
    const typed = fields.filter((field) => !choices.includes(field));
    return (
      (!choices.length || choices.some((field) => field.checked)) &&
      typed.every((field) => field.value.trim() !== "")
    );
  };
  const linksTo = (names) =>
    names.flatMap(([id, name], at) => {
      const link = document.createElement("a");
      link.href = `#${id}`;
      link.textContent = name;
      return at ? [", ", link] : [link];
    });
  const left = () => {
    for (const list of all("[data-left]")) {
      const open = all("[data-needed]", list.closest("form") ?? document).filter(
        (needed) => !needed.closest("[hidden]") && !isDone(needed),
      );
      const names = open.map((needed) => {
        const row = needed.closest("[data-lot]");
        return [needed.id, fillIn(needed.dataset.needed, { lot: row ? lotOf(row) : "" })];
      });
      const { one, many, none } = list.dataset;
      const words = open.length === 0 ? none : open.length === 1 ? one : many;
      // A link that was just pressed must still be there when the finger is lifted.
      const now = JSON.stringify(names);
      if (list.dataset.shown === now) continue;
      list.dataset.shown = now;
      list.classList.toggle("is-open", open.length > 0);
      list.querySelector("[data-left-words]").textContent = fillIn(words, { n: open.length });
      list.querySelector("[data-left-links]").replaceChildren(...linksTo(names));
    }
  };
  const lead = (link) => {
    const target = document.getElementById(link.hash.slice(1));
    const inside = 'input:not([type=hidden]), select, textarea, button:not([hidden])';
    const fields = target?.matches("input, select, textarea")
      ? [target]
      : all(inside, target ?? undefined).filter((field) => isShown(field) && field.offsetParent);
    (fields.find((field) => !field.value || field.matches("button")) ?? fields[0] ?? target)?.focus();
  };

  // What is heard ----------------------------------------------------------------------------------

  const look = () => {
    for (const row of all("[data-lot]")) showLot(row);
    all("[data-readings]").forEach(readings);
    sums();
    left();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step-by], [data-lot-confirm], [data-left] a");
    if (button?.matches("[data-step-by]")) step(button);
    if (button?.matches("[data-lot-confirm]")) {
      const row = button.closest("[data-lot]");
      confirmLot(row, "tap");
      row.querySelector("[data-lot-state]").focus();
    }
    if (button?.matches("a")) {
      event.preventDefault();
      lead(button);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-scan]")) return;
    event.preventDefault(); // a scanner's Enter is no wish to sign
    scan(event.target);
  });
  const heard = (event) => {
    const { target } = event;
    if (!target.closest || target.matches("[data-scan], [name=map_view], [name=map_grid]")) return;
    const block = target.closest("[data-copied]");
    if (block) touched(block);
    const choice = target.closest("[data-lot-choice]");
    if (choice && event.type === "change") confirmLot(choice.closest("[data-lot]"), "");
    const row = target.closest("[data-readings]");
    if (row) readings(row);
    sums();
    left();
  };
  document.addEventListener("input", heard);
  document.addEventListener("change", heard);
  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("htmx:afterSettle", look);
})();
