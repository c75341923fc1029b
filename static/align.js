// Laying the later photograph over the earlier: two marks on both, or small steps. Only numbers are
// sent; the server keeps them and says what the two are judged as from then on.
(() => {
  "use strict";

  const form = document.getElementById("align");
  const page = window.comparePage;
  if (!form || !page) return;
  const { stage, pair, draw, stop } = page;
  const NAMES = ["first_ax", "first_ay", "first_bx", "first_by", "second_ax", "second_ay", "second_bx", "second_by"];
  const PAUSE_MS = 500; // a run of small steps is sent once
  const find = (name) => form.querySelector(name);
  const [start, keep, again, cancel, word] = [
    ".align-start",
    ".align-keep",
    ".align-again",
    ".align-stop",
    ".align-word",
  ].map(find);
  const words = start.dataset.words.split("|");
  const panes = stage.querySelectorAll(".pane");
  const write = (marks) => {
    for (const [place, name] of NAMES.entries()) form.elements[name].value = marks ? marks[place] : "";
  };

  let set = null; // the points set so far, [x, y] in shares of their picture; null: not aligning
  let cross = null;

  // Small steps ------------------------------------------------------------------------------------

  let later = 0;
  const send = () => {
    later = 0;
    write(pair.marks);
    form.dispatchEvent(new CustomEvent("pair:moved"));
  };
  document.querySelector(".stage-controls").addEventListener("click", (event) => {
    const how = event.target.closest("[data-nudge]")?.dataset.nudge;
    if (!how || set) return;
    pair.marks = window.pairGeometry.nudged(pair.first, pair.second, pair.marks, how);
    draw();
    clearTimeout(later);
    later = setTimeout(send, PAUSE_MS);
  });
  // Whoever leaves at once has not moved it for nothing.
  window.addEventListener("pagehide", () => {
    if (!later) return;
    write(pair.marks);
    navigator.sendBeacon(form.action, new FormData(form));
  });

  // Two marks --------------------------------------------------------------------------------------


  const paneOf = (place) => panes[place < 2 ? 0 : 1];
  const dot = (place, isCross) => {
    const node = document.createElement("span");
    node.className = isCross ? "mark is-cross" : "mark";
    node.textContent = isCross ? "" : "AB"[place % 2];
    return node;
  };
  // Marks hang on the window, so that they keep their size while the pictures are enlarged.
  const paint = () => {
    for (const node of stage.querySelectorAll(".mark")) node.remove();
    if (!set) return;
    const put = (place, [x, y], isCross) => {
      const box = paneOf(place).querySelector(".window");
      const image = box.querySelector("img").getBoundingClientRect();
      const outer = box.getBoundingClientRect();
      const node = dot(place, isCross);
      node.style.left = `${image.left - outer.left + x * image.width}px`;
      node.style.top = `${image.top - outer.top + y * image.height}px`;
      box.append(node);
    };
    for (const [place, each] of set.entries()) put(place, each, false);
    if (set.length < 4) put(set.length, cross, true);
    for (const [place, pane] of panes.entries()) {
      pane.classList.toggle("is-next", set.length < 4 && paneOf(set.length) === panes[place]);
    }
  };
  const say = () => {
    word.textContent = set ? `${words[set.length]} ${set.length < 4 ? start.dataset.cross : ""}` : "";
    start.setAttribute("aria-pressed", String(Boolean(set)));
    start.hidden = Boolean(set);
    keep.hidden = !(set && set.length === 4);
    again.hidden = !(set && set.length);
    cancel.hidden = !set;
    paint();
  };
  const open = () => {
    stop();
    set = [];
    cross = [0.5, 0.5];
    stage.classList.add("is-aligning");
    draw();
    say();
    stage.focus();
  };
  const close = () => {
    set = null;
    stage.classList.remove("is-aligning");
    for (const pane of panes) pane.classList.remove("is-next");
    draw();
    say();
  };
  const place = (point) => {
    if (set.length === 4) return;
    set.push(point.map((each) => Math.min(1, Math.max(0, each))));
    // The same places lie near each other on both pictures.
    cross = set.length === 2 ? set[0] : set.length === 3 ? set[1] : [0.5, 0.5];
    if (set.length === 4) {
      write(set.flat());
      say();
      keep.focus();
    } else say();
  };

  start.addEventListener("click", open);
  again.addEventListener("click", open);
  cancel.addEventListener("click", () => {
    close();
    start.focus();
  });
  stage.addEventListener("pair:tap", ({ detail }) => {
    if (!set || set.length === 4 || detail.pane !== paneOf(set.length)) return;
    const image = detail.pane.querySelector("img").getBoundingClientRect();
    place([(detail.clientX - image.left) / image.width, (detail.clientY - image.top) / image.height]);
  });
  stage.addEventListener("pair:viewport", paint);
  new ResizeObserver(paint).observe(stage);
  stage.addEventListener(
    "keydown",
    (event) => {
      if (!set) return;
      if (event.key === "Escape") {
        event.preventDefault();
        close();
        start.focus();
        return;
      }
      const by = event.shiftKey ? 0.002 : 0.01;
      const moves = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
      const move = moves[event.key];
      if (!move && event.key !== "Enter") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (set.length === 4) return;
      if (event.key === "Enter") place(cross);
      else {
        cross = cross.map((each, axis) => Math.min(1, Math.max(0, each + move[axis])));
        paint();
      }
    },
    true,
  );
  form.addEventListener("submit", (event) => {
    clearTimeout(later);
    later = 0;
    // What is reset says nothing of marks.
    if (event.submitter?.name === "reset") write(null);
  });
})();
