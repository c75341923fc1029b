// Enlarging and moving both photographs of a pair in step: buttons, keys, wheel, fingers, drag.
//
// Every `.layer` of the stage gets the same transform. x and y are shares of the layer's own size,
// so the two stay in step whatever their pixels. `take(event)` may claim a drag for itself.
(() => {
  "use strict";

  const MOST = 8;
  const STEP = 1.25;
  const PAN = 0.06;
  const TAP_PX = 6;
  const between = (low, value, high) => Math.min(high, Math.max(low, value));

  window.PairViewport = class {
    constructor(stage, start = {}) {
      this.stage = stage;
      this.zoom = between(1, start.zoom || 1, MOST);
      [this.x, this.y] = [start.x || 0, start.y || 0];
      this.pointers = new Map();
      this.take = () => null; // returns a function of the pointer, or null
      stage.tabIndex = 0;
      this.listen();
      this.set(this.zoom, this.x, this.y);
    }

    set(zoom, x, y) {
      this.zoom = between(1, zoom, MOST);
      // The middle of the window always lies on the picture; at 1 it is whole.
      const room = (value) => (this.zoom === 1 ? 0 : between(0.5 - this.zoom, value, 0.5));
      [this.x, this.y] = [room(x), room(y)];
      for (const layer of this.stage.querySelectorAll(".layer")) {
        layer.style.transform = `translate(${this.x * 100}%, ${this.y * 100}%) scale(${this.zoom})`;
      }
      this.stage.classList.toggle("is-enlarged", this.zoom > 1);
      this.stage.dispatchEvent(new CustomEvent("pair:viewport"));
    }

    reset() {
      this.set(1, 0, 0);
    }

    pan(x, y) {
      this.set(this.zoom, this.x + x, this.y + y);
    }

    // Enlarge about a point of the layer, the middle where none is given.
    enlarge(by, [px, py] = [0.5, 0.5]) {
      const zoom = between(1, this.zoom * by, MOST);
      const grown = zoom / this.zoom;
      this.set(zoom, px - (px - this.x) * grown, py - (py - this.y) * grown);
    }

    // Where a place of the screen lies on the layer below it, before the layer is enlarged.
    at(event) {
      const pane = event.target.closest?.(".pane") ?? this.pane ?? this.stage.querySelector(".pane");
      const box = pane.querySelector(".window").getBoundingClientRect();
      const layer = pane.querySelector(".layer");
      return [
        (event.clientX - box.left - layer.offsetLeft) / layer.offsetWidth,
        (event.clientY - box.top - layer.offsetTop) / layer.offsetHeight,
      ];
    }

    listen() {
      const { stage } = this;
      stage.addEventListener("pointerdown", (event) => this.press(event));
      stage.addEventListener("pointermove", (event) => this.move(event));
      for (const name of ["pointerup", "pointercancel"]) {
        stage.addEventListener(name, (event) => this.lift(event));
      }
      stage.addEventListener(
        "wheel",
        (event) => {
          // A page that is scrolled past must scroll; whoever works on the pictures enlarges.
          if (!event.ctrlKey && !stage.contains(document.activeElement)) return;
          event.preventDefault();
          this.enlarge(event.deltaY < 0 ? STEP : 1 / STEP, this.at(event));
        },
        { passive: false },
      );
      stage.addEventListener("keydown", (event) => this.key(event));
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.stage) return;
      const keys = {
        "+": () => this.enlarge(STEP),
        "=": () => this.enlarge(STEP),
        "-": () => this.enlarge(1 / STEP),
        0: () => this.reset(),
        ArrowLeft: () => this.pan(PAN, 0),
        ArrowRight: () => this.pan(-PAN, 0),
        ArrowUp: () => this.pan(0, PAN),
        ArrowDown: () => this.pan(0, -PAN),
      };
      const act = keys[event.key];
      if (!act || (event.key.startsWith("Arrow") && this.zoom === 1)) return;
      event.preventDefault();
      act();
    }

    press(event) {
      if (event.button > 0) return;
      this.stage.focus({ preventScroll: true });
      this.pane = event.target.closest(".pane");
      this.pointers.set(event.pointerId, event);
      this.began = this.pointers.size === 1 ? event : null;
      this.dragged = this.pointers.size === 1 ? this.take(event) : null;
      this.stage.setPointerCapture(event.pointerId);
      this.dragged?.(event);
    }

    move(event) {
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      if (this.pointers.size === 2) {
        const [other] = [...this.pointers.values()].filter((each) => each !== before);
        const apart = (one) =>
          Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
        const middle = {
          target: this.pane,
          clientX: (event.clientX + other.clientX) / 2,
          clientY: (event.clientY + other.clientY) / 2,
        };
        this.enlarge(apart(event) / apart(before), this.at(middle));
      } else if (this.dragged) {
        this.dragged(event);
      } else if (this.zoom > 1) {
        const layer = this.stage.querySelector(".layer");
        this.pan(
          (event.clientX - before.clientX) / layer.offsetWidth,
          (event.clientY - before.clientY) / layer.offsetHeight,
        );
      }
      this.pointers.set(event.pointerId, event);
    }

    lift(event) {
      const { began } = this;
      this.pointers.delete(event.pointerId);
      this.dragged = null;
      if (!began || began.pointerId !== event.pointerId || event.type !== "pointerup") return;
      const far = Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY);
      if (far <= TAP_PX) {
        const detail = { pane: this.pane, clientX: event.clientX, clientY: event.clientY };
        this.stage.dispatchEvent(new CustomEvent("pair:tap", { detail }));
      }
    }
  };
})();
