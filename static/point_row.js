// One area of the point map: its fields, which hold everything, and its zone on the drawing.
// Loaded before points.js.
(() => {
  "use strict";

  const { boxOf, toMark, toUnits } = window.pointGeometry;

  /** Fill in a field and tell the form so. */
  const put = (field, value) => {
    const before = field.type === "checkbox" ? field.checked : field.value;
    if (before === value) return;
    if (field.type === "checkbox") field.checked = value;
    else field.value = value;
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
  };

  /** `spots` are the points in units of the canvas; `count` may be more of them than are marked. */
  window.PointRow = class {
    constructor(root, node) {
      this.node = node;
      this.area = node.dataset.area;
      this.view = node.dataset.view;
      this.name = node.querySelector(".pm-name").textContent;
      this.box = node.querySelector("[name=areas]");
      this.field = node.querySelector(`[name="points_${this.area}"]`);
      this.hidden = node.querySelector(`[name="marks_${this.area}"]`);
      this.zone = root.querySelector(`[data-zone="${this.area}"]`);
      this.dots = root.querySelector(`[data-dots="${this.area}"]`);
      this.ghosts = root.querySelector(`[data-ghosts="${this.area}"]`);
      this.outline = [...this.zone.points].map((p) => [p.x, p.y]);
      this.bounds = boxOf(this.outline);
      this.read();
    }

    get isOn() {
      return this.box.checked;
    }
    get count() {
      return Number.parseInt(this.field.value, 10) || 0;
    }
    read() {
      this.spots = JSON.parse(this.hidden.value || "[]").map(toUnits);
    }
    /** Set the points; those that were counted but never marked stay counted. */
    set(spots, { unmarked = Math.max(0, this.count - this.spots.length) } = {}) {
      this.spots = spots;
      put(this.box, true);
      put(this.hidden, JSON.stringify(spots.map(toMark)));
      put(this.field, String(spots.length + unmarked));
    }
    tick() {
      put(this.box, true);
    }
    get state() {
      return [this.isOn, this.field.value, this.hidden.value];
    }
    set state([isOn, count, marks]) {
      put(this.box, isOn);
      put(this.field, count);
      put(this.hidden, marks);
      this.read();
    }
  };
})();
