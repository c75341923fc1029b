// What is seen of the point map: which view, how near, and which part of it. The stage scrolls by
// itself, so a finger, a wheel and the scroll bars move it. Loaded before points.js.
(() => {
  "use strict";

  const { CM, boxOf } = window.pointGeometry;
  const MOST_ZOOM = 4;
  const MARGIN_PX = 40; // the cross-hair keeps this away from the edge of what is seen
  const READABLE_PX = 7.5; // the least radius of a point that carries its number

  window.PointCanvas = class {
    constructor(root) {
      this.root = root;
      this.stage = root.querySelector("[data-pm-stage]");
      this.frame = this.stage.parentElement;
      this.zoom = 1;
    }

    get view() {
      return this.root.querySelector("[name=map_view]:checked").value;
    }
    set view(view) {
      this.root.querySelector(`[name=map_view][value="${view}"]`).checked = true;
    }
    get svg() {
      return this.root.querySelector(`.pm-sheet[data-view="${this.view}"]`);
    }
    /** What the view has to show, in units: left, top, width, height. */
    get extent() {
      return this.svg.getAttribute("viewBox").split(" ").map(Number);
    }
    /** Screen pixels to a unit, now. */
    get scale() {
      const [, , width, height] = this.extent;
      const { clientWidth, clientHeight } = this.frame;
      return Math.min(clientWidth / width, clientHeight / height) * this.zoom;
    }
    get isZone() {
      return this.root.classList.contains("is-zone");
    }

    /** Pixels from the upper left of all that can be scrolled to. */
    toPixels([x, y]) {
      const [left, top, width, height] = this.extent;
      const { clientWidth, clientHeight } = this.frame;
      return [
        (clientWidth * this.zoom - width * this.scale) / 2 + (x - left) * this.scale,
        (clientHeight * this.zoom - height * this.scale) / 2 + (y - top) * this.scale,
      ];
    }
    fromScreen(x, y) {
      const point = new DOMPoint(x, y).matrixTransform(this.svg.getScreenCTM().inverse());
      return [point.x, point.y];
    }
    /** The unit in the middle of what is seen. */
    get middle() {
      const { left, top } = this.frame.getBoundingClientRect();
      return this.fromScreen(left + this.frame.clientWidth / 2, top + this.frame.clientHeight / 2);
    }

    /** Look from so near, at a point. One zone may need more than the largest zoom to fill the frame. */
    zoomTo(zoom, centre = this.middle) {
      this.zoom = Math.min(this.isZone ? Math.max(MOST_ZOOM, this.fitting) : MOST_ZOOM, Math.max(1, zoom));
      const { clientWidth, clientHeight } = this.frame;
      for (const svg of this.root.querySelectorAll(".pm-sheet")) {
        svg.style.width = `${clientWidth * this.zoom}px`;
        svg.style.height = `${clientHeight * this.zoom}px`;
      }
      const [x, y] = this.toPixels(centre);
      this.stage.scrollTo(x - clientWidth / 2, y - clientHeight / 2);
    }
    /** Fill the frame with an outline. */
    fit(outline) {
      const [left, top, right, bottom] = boxOf(outline);
      const { clientWidth, clientHeight } = this.frame;
      this.zoom = 1;
      this.fitting =
        Math.min(clientWidth / (right - left) / 1.3, clientHeight / (bottom - top) / 1.12) / this.scale;
      this.zoomTo(this.fitting, [(left + right) / 2, (top + bottom) / 2]);
    }
    /** Scroll no further than needed to see a point. */
    reveal(point) {
      const [x, y] = this.toPixels(point);
      const { scrollLeft, scrollTop } = this.stage;
      const { clientWidth, clientHeight } = this.frame;
      this.stage.scrollTo(
        Math.min(x - MARGIN_PX, Math.max(x - clientWidth + MARGIN_PX, scrollLeft)),
        Math.min(y - MARGIN_PX, Math.max(y - clientHeight + MARGIN_PX, scrollTop)),
      );
    }

    /** Draw what depends on the zoom: the scale bar, the inset, and numbers that can be read. */
    measure(spacing, zone) {
      this.root.querySelector(".pm-scale i").style.width = `${spacing * this.scale}px`;
      this.root.classList.toggle("has-numbers", 0.42 * CM * this.scale >= READABLE_PX);
      const { left, top, width, height } = this.frame.getBoundingClientRect();
      const [x, y] = this.fromScreen(left, top);
      const [right, bottom] = this.fromScreen(left + width, top + height);
      const inset = this.root.querySelector(".pm-inset svg");
      inset.setAttribute("viewBox", this.svg.getAttribute("viewBox"));
      inset.querySelector("use").setAttribute("href", `#pm-lines-${this.view}`);
      inset.querySelector("polygon").setAttribute("points", zone.getAttribute("points"));
      const seen = Object.entries({ x, y, width: right - x, height: bottom - y });
      for (const [key, value] of seen) inset.querySelector("rect").setAttribute(key, value);
    }
  };
})();
