// Sums on a pair of photographs, the same as in treatments/rules/alignment.py: two marks on both
// say how the second is turned, scaled and moved to lie over the first. Loaded before compare.js.
//
// Points are [x, y] in heights of the picture, so that both pictures are 1 high. Marks are the
// eight stored numbers, shares of width and height: first A, first B, second A, second B.
(() => {
  "use strict";

  const plus = ([a, b], [c, d]) => [a + c, b + d];
  const minus = ([a, b], [c, d]) => [a - c, b - d];
  const times = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
  const over = ([a, b], [c, d]) => {
    const length = c * c + d * d;
    return [(a * c + b * d) / length, (b * c - a * d) / length];
  };
  const ratio = ([width, height]) => width / height;
  const point = (size, x, y) => [x * ratio(size), y];
  const share = (size, [x, y]) => [x / ratio(size), y];

  const BESIDE = [0.5, 0.2, 0.5, 0.8]; // marks for a pair that nobody has set any on
  const STEP = 0.005; // heights, and of 1 for the scale
  const TURN = (0.2 * Math.PI) / 180;

  // What takes points of the second picture to points of the first: z -> turn * z + shift.
  // Without marks they stand at the same height, middle on middle.
  const alignment = (first, second, marks) => {
    if (!marks) return { turn: [1, 0], shift: [(ratio(first) - ratio(second)) / 2, 0] };
    const a = point(first, marks[0], marks[1]);
    const b = point(first, marks[2], marks[3]);
    const c = point(second, marks[4], marks[5]);
    const d = point(second, marks[6], marks[7]);
    const turn = over(minus(a, b), minus(c, d));
    return { turn, shift: minus(a, times(turn, c)) };
  };

  // The same as a CSS transform about the upper left corner of a picture that is as high as the
  // frame. Percentages are of the picture itself, so it holds at every size.
  const css = (second, { turn, shift }) => {
    const scale = Math.hypot(...turn);
    const degrees = (Math.atan2(turn[1], turn[0]) * 180) / Math.PI;
    const x = (100 * shift[0]) / ratio(second);
    return `translate(${x}%, ${100 * shift[1]}%) rotate(${degrees}deg) scale(${scale})`;
  };

  const MOVES = {
    left: { shift: [-STEP, 0] },
    right: { shift: [STEP, 0] },
    up: { shift: [0, -STEP] },
    down: { shift: [0, STEP] },
    anticlockwise: { turn: [Math.cos(TURN), -Math.sin(TURN)] },
    clockwise: { turn: [Math.cos(TURN), Math.sin(TURN)] },
    smaller: { turn: [1 / (1 + STEP), 0] },
    larger: { turn: [1 + STEP, 0] },
  };

  // The marks after one step of the second picture; turned and scaled about the middle of the first.
  const nudged = (first, second, marks, how) => {
    const { turn = [1, 0], shift = [0, 0] } = MOVES[how];
    const now = alignment(first, second, marks);
    const middle = [ratio(first) / 2, 0.5];
    const moved = {
      turn: times(turn, now.turn),
      shift: plus(plus(times(turn, minus(now.shift, middle)), middle), shift),
    };
    const kept = marks ? marks.slice(0, 4) : BESIDE;
    const back = (x, y) =>
      share(second, over(minus(point(first, x, y), moved.shift), moved.turn));
    return [...kept, ...back(kept[0], kept[1]), ...back(kept[2], kept[3])];
  };

  window.pairGeometry = { alignment, css, nudged, ratio };
})();
