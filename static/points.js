// The body map with points. Its fields stand in the rows beside the drawing and work alone; a tap,
// a key or a button only changes them, and tells the form so with input and change events.
//
// In:  <fieldset data-point-map> as `{% point_map %}` draws it, and the form's `ml_per_point`.
// Out: `areas`, `points_<area>` (how many) and `marks_<area>` (JSON, [[x, y], …] in 0..1).
// Heard on the fieldset: "pointmap:repeat" takes areas and points of the last session over, as one
// step of Undo; "pointmap:refresh" reads the fields again after something else changed them.
(() => {
  "use strict";

  const { CM, centreOf, contains, distance, gridOf, inwards, nearestOnEdge } = window.pointGeometry;
  const FINGER_PX = 22; // half of a 44 px target
  const MOST_POINTS = 500;

  // Small helpers ----------------------------------------------------------------------------------

  const draw = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const number = (text) => Number.parseFloat(String(text ?? "").replace(",", "."));
  const millilitres = (value) => {
    const text = (Math.round(value * 100 + 1e-9) / 100).toFixed(2);
    return text.endsWith("0") ? text.slice(0, -1) : text;
  };

  class PointMap {
    constructor(root) {
      this.root = root;
      this.words = JSON.parse(root.dataset.words);
      this.canvas = new window.PointCanvas(root);
      this.stage = this.canvas.stage;
      this.rows = [...root.querySelectorAll(".pm-row")].map((node) => new window.PointRow(root, node));
      if (!this.rows.length) return;
      this.past = [];
      this.chosen = null; // [row, index] of the point that was tapped
      this.active = this.rows.find((row) => row.isOn) ?? this.rows[0];
      this.cross = centreOf(this.active.bounds);
      this.now = this.states();
      this.stage.tabIndex = 0;
      this.stage.setAttribute("role", "application");
      this.listen();
      this.show(this.view);
      this.redraw();
    }

    // What is there -------------------------------------------------------------------------------

    get view() {
      return this.canvas.view;
    }
    get here() {
      return this.rows.filter((row) => row.view === this.view);
    }
    get isZone() {
      return this.canvas.isZone;
    }
    get spacing() {
      return number(this.root.querySelector("[name=map_grid]:checked").value) * CM;
    }
    get perPoint() {
      return number(this.root.closest("form")?.elements.namedItem("ml_per_point")?.value);
    }
    /** What a fill would add: the grid without those that have a point already. */
    plan(row = this.active) {
      const near = this.spacing * 0.6;
      return gridOf(row.outline, this.spacing)
        .filter((p) => !row.spots.some((spot) => distance(spot, p) < near))
        .slice(0, MOST_POINTS - row.spots.length);
    }
    states() {
      return this.rows.map((row) => row.state);
    }
    zoneAt(point, tolerance = 0) {
      const within = this.here.find((row) => contains(row.outline, point));
      if (within) return [within, point];
      const near = this.here
        .map((row) => [row, nearestOnEdge(row.outline, point)])
        .filter(([, edge]) => distance(edge, point) <= tolerance)
        .sort((a, b) => distance(a[1], point) - distance(b[1], point))[0];
      return near ? [near[0], inwards(near[0].outline, near[1])] : [null, point];
    }
    dotAt(point) {
      const reach = Math.min(12, Math.max(6, 0.5 * CM * this.canvas.scale)) / this.canvas.scale;
      return this.here
        .filter((row) => row.isOn)
        .flatMap((row) => row.spots.map((spot, index) => [row, index, distance(spot, point)]))
        .filter(([, , far]) => far <= reach)
        .sort((a, b) => a[2] - b[2])[0];
    }

    // What can be done ----------------------------------------------------------------------------

    /** Carry out a change of the fields, as one step that Undo takes back. */
    act(change, says = "") {
      this.busy = true;
      change();
      this.busy = false;
      const next = this.states();
      if (JSON.stringify(next) !== JSON.stringify(this.now)) this.past.push(this.now);
      this.now = next;
      this.redraw();
      this.say(says);
    }
    drop(point, tolerance) {
      const [row, place] = this.zoneAt(point, tolerance);
      if (!row) return this.say(this.words.outside);
      if (row.spots.length >= MOST_POINTS) return undefined;
      this.chosen = null;
      this.activate(row);
      const unmarked = Math.max(0, row.count - row.spots.length - 1);
      this.act(() => row.set([...row.spots, place], { unmarked }));
      return this.say(this.words.dropped, { n: row.spots.length, area: row.name });
    }
    choose(row, index) {
      this.activate(row);
      this.chosen = [row, index];
      this.redraw();
      this.say(this.words.selected, { n: index + 1, count: row.spots.length, area: row.name });
    }
    remove(row, index) {
      this.chosen = null;
      this.act(() => row.set(row.spots.filter((_, i) => i !== index)));
      this.say(this.words.removed, { n: index + 1, count: row.spots.length, area: row.name });
    }
    removeNearest() {
      const dot = this.chosen ?? this.dotAt(this.cross);
      const [row] = dot ?? [this.zoneAt(this.cross)[0] ?? this.active];
      if (row.spots.length) this.remove(row, dot ? dot[1] : row.spots.length - 1);
    }
    clear() {
      if (this.chosen) return this.remove(...this.chosen);
      const row = this.active;
      const n = row.spots.length;
      if (!row.count && !n) return undefined;
      this.act(() => row.set([], { unmarked: 0 }));
      return this.say(this.words.cleared, { n, area: row.name });
    }
    fill() {
      const row = this.active;
      const more = this.plan(row);
      if (!more.length) return;
      const unmarked = Math.max(0, row.count - row.spots.length - more.length);
      this.act(() => row.set([...row.spots, ...more], { unmarked }));
      this.say(this.words.added, { n: more.length, area: row.name });
    }
    undo() {
      const before = this.past.pop();
      if (!before) return;
      this.chosen = null;
      this.busy = true;
      this.rows.forEach((row, i) => (row.state = before[i]));
      this.busy = false;
      this.now = before;
      this.redraw();
      this.say(this.words.undone);
    }
    repeat() {
      this.chosen = null;
      this.act(() => {
        for (const row of this.rows) {
          const { last, lastCount } = row.node.dataset;
          row.state = lastCount === undefined ? [false, "", "[]"] : [true, lastCount, last];
        }
      });
      this.activate(this.rows.find((row) => row.isOn) ?? this.active);
    }
    refresh() {
      for (const row of this.rows) row.read();
      this.act(() => {});
    }
    /** A number typed by hand takes the last points off the map, or counts more than are on it. */
    counted(row) {
      this.act(() => {
        if (row.count < row.spots.length) row.set(row.spots.slice(0, row.count), { unmarked: 0 });
        else if (row.count) row.tick();
      });
    }

    // Where one looks -----------------------------------------------------------------------------

    activate(row) {
      const isOther = row !== this.active;
      this.active = row;
      if (row.view !== this.view) this.show(row.view);
      if (this.isZone && isOther) this.enlarge(row);
    }
    show(view) {
      this.canvas.view = view;
      if (this.active.view !== view) this.active = this.here[0] ?? this.active;
      this.cross = centreOf(this.active.bounds);
      this.canvas.zoomTo(1);
    }
    step(by) {
      const at = (this.rows.indexOf(this.active) + by + this.rows.length) % this.rows.length;
      this.chosen = null;
      const row = this.rows[at];
      this.active = row;
      if (row.view !== this.view) this.show(row.view);
      this.cross = centreOf(row.bounds);
      if (this.isZone) this.enlarge(row);
      else this.redraw();
      this.say(this.words.zone, { area: row.name, count: this.fillIn(this.words.points, { n: row.count }) });
    }
    enlarge(row = this.active) {
      this.active = row;
      this.root.classList.add("is-zone");
      if (row.view !== this.view) this.show(row.view);
      this.cross = centreOf(row.bounds);
      this.canvas.fit(row.outline);
      this.redraw();
    }
    zoomBy(factor, centre) {
      this.canvas.zoomTo(this.canvas.zoom * factor, centre);
      this.redraw();
    }
    whole() {
      this.root.classList.remove("is-zone");
      this.canvas.zoomTo(1);
      this.redraw();
      this.stage.focus({ preventScroll: true });
    }
    moveCross(dx, dy) {
      const [left, top, width, height] = this.canvas.extent;
      const [before] = this.zoneAt(this.cross);
      this.cross = [
        Math.min(left + width, Math.max(left, this.cross[0] + dx)),
        Math.min(top + height, Math.max(top, this.cross[1] + dy)),
      ];
      const [row] = this.zoneAt(this.cross);
      if (row) this.active = row;
      if (row !== before) this.say(row ? this.words.cross : this.words.outside, { area: row?.name });
      this.canvas.reveal(this.cross);
    }

    // Drawing -------------------------------------------------------------------------------------

    redraw() {
      for (const row of this.rows) this.redrawRow(row);
      const plan = this.plan();
      for (const each of this.root.querySelectorAll(".pm-plan")) each.replaceChildren();
      if (this.active.view === this.view)
        this.canvas.svg.querySelector(".pm-plan").replaceChildren(...plan.map(([cx, cy]) => draw("circle", { cx, cy, r: 1.2 })));
      const s = 1 / this.canvas.scale;
      this.canvas.svg
        .querySelector(".pm-cross")
        .setAttribute("transform", `translate(${this.cross.join(" ")}) scale(${s})`);
      this.write(plan.length);
      this.measure();
    }
    redrawRow(row) {
      const isActive = row === this.active;
      row.node.classList.toggle("is-active", isActive);
      row.zone.classList.toggle("is-on", row.isOn);
      for (const each of [row.zone, row.dots, row.ghosts]) each.classList.toggle("is-active", isActive);
      row.dots.setAttribute("visibility", row.isOn ? "visible" : "hidden");
      row.dots.replaceChildren(
        ...row.spots.map(([x, y], index) => {
          const dot = draw("g", { class: "pm-dot", transform: `translate(${x} ${y})` });
          if (this.chosen?.[0] === row && this.chosen[1] === index) dot.classList.add("is-chosen");
          const label = draw("text", {});
          label.textContent = index + 1;
          dot.append(draw("circle", { r: 1.27 }), label);
          return dot;
        }),
      );
      const isPartly = row.spots.length && row.count !== row.spots.length;
      row.node.querySelector("[data-pm-partly]").textContent = isPartly
        ? this.fillIn(this.words.partly, { n: row.spots.length })
        : "";
      row.node.querySelector("[data-pm-ml]").textContent =
        row.isOn && row.count && this.perPoint >= 0
          ? this.fillIn(this.words.ml, { n: millilitres(row.count * this.perPoint) })
          : "";
    }
    /** Write the words of buttons and sums. */
    write(planned) {
      const { words, rows, active, root } = this;
      const sum = rows.filter((row) => row.isOn).reduce((all, row) => all + row.count, 0);
      const ml = (count) => (this.perPoint >= 0 ? millilitres(count * this.perPoint) : "–");
      this.out("total", sum);
      this.out("placed", ml(sum));
      this.out("here", active.isOn ? active.count : 0);
      this.out("ml-here", ml(active.isOn ? active.count : 0));
      this.out("active", active.name);
      this.out("zoom", this.fillIn(words.times, { n: +this.canvas.zoom.toFixed(1) }));
      if (root.dataset.lastNumber) {
        const of = this.isZone ? [active] : rows;
        const then = of.reduce((all, row) => all + (Number(row.node.dataset.lastCount) || 0), 0);
        const change = (this.isZone ? (active.isOn ? active.count : 0) : sum) - then;
        const sentence = change > 0 ? words.more : change < 0 ? words.fewer : words.same;
        this.out("difference", this.fillIn(sentence, { n: Math.abs(change) }));
      }
      const [fill, undo, clear] = ["fill", "undo", "clear"].map((name) => this.button(name));
      fill.textContent = planned ? this.fillIn(words.fill, { n: planned }) : words.full;
      fill.setAttribute("aria-disabled", String(!planned));
      undo.setAttribute("aria-disabled", String(!this.past.length));
      clear.textContent = this.chosen ? this.fillIn(words.remove, { n: this.chosen[1] + 1 }) : words.clear;
      const at = rows.indexOf(active);
      const name = (by) => rows[(at + by + rows.length) % rows.length].name;
      this.button("previous").querySelector("span").textContent = name(-1);
      this.button("next").querySelector("span").textContent = name(1);
      const label = this.root.querySelector("[name=map_view]:checked + label").textContent;
      this.stage.setAttribute("aria-label", this.fillIn(words.view, { view: label }));
      for (const each of root.querySelectorAll(".pm-here")) each.hidden = !this.isZone;
    }
    measure() {
      this.out("grid", this.fillIn(this.words.grid, { n: this.spacing / CM }));
      this.canvas.measure(this.spacing, this.active.zone);
    }
    button(name) {
      return this.root.querySelector(`[data-pm="${name}"]`);
    }
    out(name, text) {
      this.root.querySelector(`[data-pm-out="${name}"]`).textContent = text;
    }
    fillIn(sentence, values) {
      const text = Array.isArray(sentence) ? sentence[values.n === 1 ? 0 : 1] : sentence;
      return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
    }
    say(sentence, values = {}) {
      if (sentence) this.out("said", this.fillIn(sentence, values));
    }

    // What is heard -------------------------------------------------------------------------------

    listen() {
      const { root, stage } = this;
      stage.addEventListener("click", (event) => this.tapped(event));
      stage.addEventListener("keydown", (event) => this.pressed(event));
      stage.addEventListener("scroll", () => this.measure(), { passive: true });
      stage.addEventListener("pointerdown", () => root.classList.remove("has-cross"));
      stage.addEventListener("focus", () => root.classList.toggle("has-cross", stage.matches(":focus-visible")));
      root.addEventListener("click", (event) => {
        const name = event.target.closest("[data-pm]")?.dataset.pm;
        if (name) this.pushed(name);
      });
      for (const kind of ["input", "change"]) root.addEventListener(kind, (event) => this.edited(event));
      root.addEventListener("focusin", (event) => {
        const row = this.rows.find((each) => each.node.contains(event.target));
        if (row && row !== this.active) {
          this.activate(row);
          this.redraw();
        }
      });
      root.addEventListener("pointmap:repeat", () => this.repeat());
      root.addEventListener("pointmap:refresh", () => this.refresh());
      root.closest("form")?.addEventListener("input", (event) => {
        if (event.target.name === "ml_per_point") this.redraw();
      });
      const fill = this.button("fill");
      for (const [kind, isShown] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]])
        fill.addEventListener(kind, () => root.classList.toggle("shows-plan", isShown));
      new ResizeObserver(() => {
        if (!root.isConnected || !this.canvas.frame.clientWidth) return;
        if (this.isZone) this.enlarge();
        else this.zoomBy(1);
      }).observe(this.canvas.frame);
    }
    tapped(event) {
      if (!event.detail && event.clientX === 0) return;
      const point = this.canvas.fromScreen(event.clientX, event.clientY);
      this.cross = point;
      const dot = this.dotAt(point);
      if (dot) this.choose(dot[0], dot[1]);
      else this.drop(point, FINGER_PX / this.canvas.scale);
    }
    pressed(event) {
      const far = event.shiftKey ? 2 * CM : 0.5 * CM;
      const keys = {
        ArrowLeft: () => this.moveCross(-far, 0),
        ArrowRight: () => this.moveCross(far, 0),
        ArrowUp: () => this.moveCross(0, -far),
        ArrowDown: () => this.moveCross(0, far),
        Enter: () => this.drop(this.cross, FINGER_PX / this.canvas.scale),
        " ": () => this.drop(this.cross, FINGER_PX / this.canvas.scale),
        Backspace: () => this.removeNearest(),
        Delete: () => this.removeNearest(),
        PageUp: () => this.step(-1),
        PageDown: () => this.step(1),
        "+": () => this.zoomBy(1.5, this.cross),
        "-": () => this.zoomBy(1 / 1.5, this.cross),
      };
      if (this.chosen || this.isZone)
        keys.Escape = () => (this.chosen ? ((this.chosen = null), this.redraw()) : this.whole());
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      this.root.classList.add("has-cross");
      keys[event.key]();
      this.redraw();
    }
    pushed(name) {
      const buttons = {
        previous: () => this.step(-1),
        next: () => this.step(1),
        whole: () => this.whole(),
        enlarge: () => (this.enlarge(), this.stage.focus({ preventScroll: true })),
        "zoom-in": () => this.zoomBy(1.5),
        "zoom-out": () => this.zoomBy(1 / 1.5),
        undo: () => this.undo(),
        clear: () => this.clear(),
        fill: () => this.fill(),
      };
      buttons[name]();
    }
    edited(event) {
      if (this.busy) return;
      const { target, type } = event;
      if (target.name === "map_view" || target.name === "map_grid") {
        event.stopPropagation(); // how the map is looked at is nothing to save
        this.chosen = null;
        if (target.name === "map_view" && type === "change") this.lookAt(target.value);
        this.redraw();
        return;
      }
      const row = this.rows.find((each) => each.node.contains(target));
      if (!row) return;
      if (target === row.hidden) row.read();
      if (target === row.field && type === "change") this.counted(row);
      else if (type === "change") this.act(() => {});
      this.activate(row);
      this.redraw();
    }
    lookAt(view) {
      this.root.classList.remove("is-zone");
      this.show(view);
    }
  }

  const wake = () => {
    for (const root of document.querySelectorAll("[data-point-map]:not([data-awake])")) {
      root.dataset.awake = "yes";
      new PointMap(root);
    }
  };
  document.addEventListener("DOMContentLoaded", wake);
  document.addEventListener("htmx:afterSwap", wake);
  document.addEventListener("htmx:historyRestore", wake);
})();
