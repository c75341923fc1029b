// The signature pad, the count of changed answers, and the word to other windows that the tablet
// is in a patient's hands. Without it the typed name signs.
(() => {
  "use strict";

  const PLACES = 4;

  const startPad = (box) => {
    const canvas = box.querySelector("canvas");
    const field = box.querySelector("input[name=strokes]");
    const ink = getComputedStyle(canvas).color;
    const pad = new SignaturePad(canvas, { penColor: ink, minWidth: 0.8, maxWidth: 2.4 });
    // What was drawn, in parts of the box, so that a turned tablet loses nothing.
    let drawn = [];

    const within = (value) => Math.min(1, Math.max(0, Number(value.toFixed(PLACES))));
    const keep = () => {
      const { clientWidth: wide, clientHeight: high } = canvas;
      drawn = pad.toData().map((group) => ({
        ...group,
        points: group.points.map((point) => ({
          ...point,
          x: within(point.x / wide),
          y: within(point.y / high),
        })),
      }));
      write();
    };
    const write = () => {
      const strokes = drawn.map((group) => group.points.map(({ x, y }) => [x, y]));
      field.value = strokes.length ? JSON.stringify(strokes) : "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const fit = () => {
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      const { clientWidth: wide, clientHeight: high } = canvas;
      if (!wide) return;
      canvas.width = wide * ratio;
      canvas.height = high * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      pad.clear();
      pad.fromData(
        drawn.map((group) => ({
          ...group,
          points: group.points.map((point) => ({ ...point, x: point.x * wide, y: point.y * high })),
        })),
      );
    };

    // A refused form comes back with what was drawn.
    try {
      drawn = JSON.parse(field.value || "[]").map((stroke) => ({
        penColor: ink,
        dotSize: 0,
        minWidth: 0.8,
        maxWidth: 2.4,
        velocityFilterWeight: 0.7,
        compositeOperation: "source-over",
        points: stroke.map(([x, y], place) => ({ x, y, pressure: 0.5, time: place * 16 })),
      }));
    } catch {
      drawn = [];
    }
    pad.addEventListener("endStroke", keep);
    box.querySelector("[data-clear]").addEventListener("click", () => {
      pad.clear();
      drawn = [];
      write();
    });
    new ResizeObserver(fit).observe(canvas);
  };

  const count = (form) => {
    let changed = 0;
    for (const row of form.querySelectorAll("[data-row]")) {
      const said = row.querySelector("input[type=radio]:checked");
      const until = row.querySelector("input[type=date]");
      const moved = said?.value === "yes" && until && until.value !== until.defaultValue;
      const differs = Boolean(said && (said.value !== row.dataset.stands || moved));
      changed += differs;
      const now = row.querySelector("[data-now]");
      if (!now) continue;
      now.hidden = differs;
      row.querySelector("[data-changed]").hidden = !differs;
    }
    for (const words of form.querySelectorAll("[data-count]")) {
      const { none, one, many } = words.dataset;
      words.textContent = changed === 0 ? none : changed === 1 ? one : many.replace("%d", changed);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-signature]")) startPad(box);
    for (const form of document.querySelectorAll("form[data-consents]")) {
      form.addEventListener("input", () => count(form));
      count(form);
    }
    // Other windows of this browser must not go on showing what they show.
    if (document.querySelector("[data-handed-over]"))
      new BroadcastChannel("courseline").postMessage("handed over");
  });
})();
