// Sums on the drawings of the point map, in units of their canvas: the same as in
// treatments/point_map.py, and tested against it. Loaded before points.js.
(() => {
  "use strict";

  const WIDTH = 200;
  const HEIGHT = 300;
  const CM = 3; // units of the canvas
  const EDGE = 0.5 * CM;

  const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const edges = (outline) => outline.map((a, i) => [a, outline[(i + 1) % outline.length]]);
  const contains = (outline, [x, y]) =>
    edges(outline).filter(
      ([a, b]) => a[1] > y !== b[1] > y && x < a[0] + ((y - a[1]) / (b[1] - a[1])) * (b[0] - a[0]),
    ).length %
      2 ===
    1;
  const onLine = ([a, b], p) => {
    const along = [b[0] - a[0], b[1] - a[1]];
    const length = along[0] ** 2 + along[1] ** 2;
    const t = length ? ((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / length : 0;
    const clamped = Math.min(1, Math.max(0, t));
    return [a[0] + clamped * along[0], a[1] + clamped * along[1]];
  };
  const nearestOnEdge = (outline, p) =>
    edges(outline)
      .map((edge) => onLine(edge, p))
      .reduce((best, each) => (distance(each, p) < distance(best, p) ? each : best));
  const boxOf = (outline) => {
    const xs = outline.map((p) => p[0]);
    const ys = outline.map((p) => p[1]);
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  };
  const centreOf = ([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];
  const ticks = (low, high, step) => {
    const count = Math.floor((high - low) / step) + 1;
    const first = (low + high - (count - 1) * step) / 2;
    return Array.from({ length: count }, (_, i) => first + i * step);
  };
  const gridOf = (outline, step) => {
    const [left, top, right, bottom] = boxOf(outline);
    return ticks(top, bottom, step)
      .flatMap((y) => ticks(left, right, step).map((x) => [x, y]))
      .filter((p) => contains(outline, p) && distance(nearestOnEdge(outline, p), p) >= EDGE);
  };
  const toMark = ([x, y]) => [+(x / WIDTH).toFixed(4), +(y / HEIGHT).toFixed(4)];
  const toUnits = ([x, y]) => [x * WIDTH, y * HEIGHT];
  /** Move a point of the edge just inside its outline. */
  const inwards = (outline, edge) => {
    const middle = centreOf(boxOf(outline));
    for (let part = 0.02; part < 1; part += 0.02) {
      const point = edge.map((value, axis) => value + (middle[axis] - value) * part);
      if (contains(outline, point)) return point;
    }
    return middle;
  };

  window.pointGeometry = {
    CM,
    boxOf,
    centreOf,
    contains,
    distance,
    gridOf,
    inwards,
    nearestOnEdge,
    toMark,
    toUnits,
  };
})();
