// The ways to look at a pair: side by side, with a line, one through the other, in turn, in time.
//
// In:  #stage with `data-pair` (sizes in pixels, stored marks) and, in time, `data-moments`.
// Out: the address keeps mode, line, enlargement and place; `window.comparePage` is for align.js.
(() => {
  "use strict";

  const stage = document.getElementById("stage");
  if (!stage) return;
  const { alignment, css, ratio } = window.pairGeometry;
  const pair = JSON.parse(stage.dataset.pair);
  const moments = stage.dataset.moments ? JSON.parse(stage.dataset.moments) : [];
  const [paneA, paneB] = stage.querySelectorAll(".pane");
  const controls = document.querySelector(".stage-controls");
  const cut = document.getElementById("cut");
  const through = document.getElementById("through");
  const moment = document.getElementById("moment");
  const pace = document.getElementById("pace");
  const line = stage.querySelector(".cut");
  const address = new URL(location.href);
  const asked = (name) => Number.parseFloat(address.searchParams.get(name)) || 0;
  const SHORTEST = 340; // px, where the window is low
  const NEAR_PX = 28; // how near to the line a finger takes hold of it
  let mode = stage.dataset.mode;
  let base = pair.first;

  stage.classList.add("is-live");
  const viewport = new window.PairViewport(stage, { zoom: asked("zoom"), x: asked("x"), y: asked("y") });

  // Where things stand -----------------------------------------------------------------------------

  const remember = () => {
    const kept = {
      mode: mode === "side" ? "" : mode,
      line: mode === "slider" && cut.value !== "50" ? cut.value : "",
      through: mode === "overlay" && through.value !== "50" ? through.value : "",
      zoom: viewport.zoom > 1 ? viewport.zoom.toFixed(2) : "",
      x: viewport.zoom > 1 ? viewport.x.toFixed(3) : "",
      y: viewport.zoom > 1 ? viewport.y.toFixed(3) : "",
    };
    for (const [name, value] of Object.entries(kept)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    history.replaceState(history.state, "", address);
  };

  const isBeside = () => mode === "side" || stage.classList.contains("is-aligning");

  // Each picture is as high as its frame, and the frame is the first picture's.
  const layout = () => {
    const width = stage.clientWidth / (isBeside() ? 2 : 1);
    // All of it is seen at once, from the top of the page.
    const above = stage.getBoundingClientRect().top + window.scrollY;
    const below = document.querySelector(".bottom")?.offsetHeight ?? 0;
    const tallest = Math.max(SHORTEST, window.innerHeight - above - below - 12);
    stage.style.height = `${Math.round(Math.min(width / ratio(base), tallest))}px`;
    for (const pane of [paneA, paneB]) {
      const box = pane.querySelector(".window");
      const layer = pane.querySelector(".layer");
      const high = Math.min(box.clientHeight, box.clientWidth / ratio(base));
      layer.style.height = `${high}px`;
      layer.style.width = `${high * ratio(base)}px`;
      layer.style.left = `${(box.clientWidth - high * ratio(base)) / 2}px`;
      layer.style.top = `${(box.clientHeight - high) / 2}px`;
    }
    drawLine();
  };

  const draw = () => {
    const raw = stage.classList.contains("is-aligning") ? null : pair.marks;
    paneA.querySelector("img").style.transform = css(pair.first, alignment(pair.first, pair.first, null));
    paneB.querySelector("img").style.transform = css(pair.second, alignment(pair.first, pair.second, raw));
    layout();
    drawThrough();
  };

  // The line ---------------------------------------------------------------------------------------

  const drawLine = () => {
    const isCut = mode === "slider" && !isBeside();
    line.hidden = !isCut;
    const box = paneB.querySelector(".window");
    const layer = paneB.querySelector(".layer");
    const x = layer.offsetLeft + (layer.offsetWidth * cut.value) / 100;
    box.style.clipPath = isCut ? `inset(0 0 0 ${x}px)` : "";
    line.style.left = `${x}px`;
    cut.nextElementSibling.textContent = cut.value;
  };
  const cutTo = (value) => {
    cut.value = Math.min(100, Math.max(0, value));
    drawLine();
    remember();
  };
  const stepOf = (event) =>
    ({ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 })[event.key];
  const byKeys = (event) => {
    const step = stepOf(event);
    if (!step) return;
    event.preventDefault();
    event.target.value = Number(event.target.value) + step;
    event.target.dispatchEvent(new Event("input"));
  };
  cut.addEventListener("keydown", byKeys);
  through.addEventListener("keydown", byKeys);
  cut.addEventListener("input", () => cutTo(Number(cut.value)));
  stage.addEventListener("keydown", (event) => {
    const step = stepOf(event);
    if (mode !== "slider" || isBeside() || viewport.zoom > 1 || event.target !== stage || !step) return;
    event.preventDefault();
    cutTo(Number(cut.value) + step);
  });
  viewport.take = (event) => {
    if (mode !== "slider" || isBeside()) return null;
    const left = stage.getBoundingClientRect().left;
    const layer = paneB.querySelector(".layer");
    const isNear = Math.abs(event.clientX - left - line.offsetLeft) < NEAR_PX;
    if (viewport.zoom > 1 && !isNear) return null;
    return (now) => cutTo((100 * (now.clientX - left - layer.offsetLeft)) / layer.offsetWidth);
  };

  // One through the other --------------------------------------------------------------------------

  const drawThrough = () => {
    paneB.querySelector(".window").style.opacity = mode === "overlay" && !isBeside() ? through.value / 100 : "";
    through.nextElementSibling.textContent = through.value;
  };
  through.addEventListener("input", () => {
    drawThrough();
    remember();
  });

  // In turn, and in time ---------------------------------------------------------------------------

  const play = controls.querySelector(".play");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let timer = 0;
  let at = 0;
  let shown = new Map();

  const swap = () => stage.classList.toggle("shows-first");
  controls.querySelector(".swap").addEventListener("click", () => {
    stop();
    swap();
  });

  const has = (index) => Boolean(moments[index]?.url);
  const nextFrom = (index, step) => {
    let next = index;
    while (next >= 0 && next < moments.length && !has(next)) next += step;
    return has(next) ? next : null;
  };
  const picture = (index) => {
    if (!shown.has(index)) {
      const image = new Image();
      image.src = moments[index].url;
      image.alt = `${moments[index].title}, ${moments[index].day}`;
      image.draggable = false;
      image.style.transform = css(moments[index].size, alignment(base, moments[index].size, moments[index].marks));
      shown.set(index, image);
    }
    return shown.get(index);
  };
  const goTo = (index) => {
    at = index;
    moment.value = index;
    const { title, day } = moments[index];
    moment.setAttribute("aria-valuetext", `${title}, ${day}`);
    paneA.querySelector(".layer").replaceChildren(picture(index));
    const word = document.createElement("b");
    word.textContent = title;
    paneA.querySelector("figcaption").replaceChildren(word, day);
    // Only the neighbours are fetched before they are asked for.
    for (const step of [1, -1]) {
      const near = nextFrom(index + step, step);
      if (near !== null) picture(near);
    }
    for (const [place, tick] of [...controls.querySelectorAll(".moment-ticks li")].entries()) {
      tick.classList.toggle("is-now", place === index);
    }
  };
  moment.addEventListener("input", () => {
    stop();
    const wanted = Number(moment.value);
    const step = wanted < at ? -1 : 1;
    goTo(nextFrom(wanted, step) ?? nextFrom(wanted, -step) ?? at);
  });
  const openTime = () => {
    base = moments.find((each) => each.url).size;
    moment.max = moments.length - 1;
    const ticks = moments.map((each) => {
      const tick = document.createElement("li");
      tick.className = each.url ? "" : "is-missing";
      return tick;
    });
    controls.querySelector(".moment-ticks").replaceChildren(...ticks);
    goTo(nextFrom(0, 1));
  };

  const step = () => {
    if (mode === "blink") return swap();
    const next = nextFrom(at + 1, 1);
    if (next === null) return stop();
    return goTo(next);
  };
  const say = (isPlaying) => {
    play.setAttribute("aria-pressed", String(isPlaying));
    play.querySelector("span").textContent = isPlaying ? play.dataset.pause : play.dataset.play;
    const use = play.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isPlaying ? "#pause" : "#play-fill"));
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    say(false);
  };
  const start = () => {
    if (still.matches) return;
    if (mode === "time" && nextFrom(at + 1, 1) === null) goTo(nextFrom(0, 1));
    clearInterval(timer);
    timer = setInterval(step, 1000 * pace.value);
    say(true);
  };
  play.addEventListener("click", () => (timer ? stop() : start()));
  pace.addEventListener("input", () => {
    pace.nextElementSibling.textContent = pace.value;
    if (timer) start();
  });
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  const heed = () => {
    if (still.matches) stop();
    play.hidden = still.matches;
    controls.querySelector(".still").hidden = !still.matches;
  };
  still.addEventListener("change", heed);

  // The modes --------------------------------------------------------------------------------------

  const show = (name) => {
    mode = name;
    stop();
    stage.dataset.mode = name;
    controls.dataset.mode = name;
    stage.classList.remove("shows-first");
    for (const link of document.querySelectorAll(".modes a")) {
      if (link.dataset.mode === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const kept = document.querySelector("#pick [name=mode]");
    if (kept) kept.value = name;
    const align = document.getElementById("align");
    if (align) align.action = align.action.replace(/mode=\w*/, `mode=${name}`);
    draw();
    remember();
  };
  for (const link of document.querySelectorAll(".modes a")) {
    link.addEventListener("click", (event) => {
      // In time there are other photographs on the page, so that is fetched.
      if (link.dataset.mode === "time" || mode === "time") return;
      event.preventDefault();
      show(link.dataset.mode);
    });
  }
  const pick = document.getElementById("pick");
  pick?.addEventListener("change", () => pick.requestSubmit());
  if (pick) pick.querySelector("[type=submit]").hidden = true;

  // Enlarging --------------------------------------------------------------------------------------

  const whole = controls.querySelector("[data-zoom=reset]");
  controls.addEventListener("click", (event) => {
    const how = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (how === "in") viewport.enlarge(1.25);
    if (how === "out") viewport.enlarge(1 / 1.25);
    if (how === "reset") viewport.reset();
  });
  const word = controls.querySelector(".zoom-word");
  let later = 0;
  stage.addEventListener("pair:viewport", () => {
    whole.disabled = viewport.zoom === 1;
    word.textContent = viewport.zoom === 1 ? "" : `${viewport.zoom.toFixed(1)} ×`;
    clearTimeout(later);
    later = setTimeout(remember, 250);
  });

  new ResizeObserver(layout).observe(stage);
  if (asked("line")) cut.value = asked("line");
  if (asked("through")) through.value = asked("through");
  if (mode === "time" && moments.some((each) => each.url)) openTime();
  heed();
  show(mode);
  viewport.set(viewport.zoom, viewport.x, viewport.y);
  window.comparePage = { stage, pair, draw, stop };
})();
