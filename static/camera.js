// The camera over the whole screen: what it sees, and over it the earlier photograph of the view,
// so that both are taken alike. What is kept goes to uploads.js; nothing stays here.
(() => {
  "use strict";

  const PORTRAIT = 3 / 4; // width over height, where there is no earlier photograph to follow
  const LOOK_MS = 800;
  const QUALITY = 0.92;
  const STEP = 2;

  const dialog = document.getElementById("camera");
  if (!dialog) return;
  const part = (name) => dialog.querySelector(`[data-camera-${name}]`);
  const word = (name, values = {}) =>
    Object.entries(values).reduce(
      (text, [key, value]) => text.replace(`{${key}}`, value),
      dialog.getAttribute(`data-word-${name}`) ?? "",
    );
  const icon = (name) => dialog.querySelector(`template[data-icon-${name}]`).content.cloneNode(true);
  const limits = {
    lightApart: Number(dialog.dataset.lightApart),
    blurred: Number(dialog.dataset.blurred),
    leastSide: Number(dialog.dataset.leastSide),
  };

  const video = part("video");
  const ghost = part("ghost");
  const range = document.getElementById("camera-range");
  const slotOf = (name) => document.getElementById(`slot-${name}`);

  let view = "";
  let stream = null;
  let asked = 0; // counts the starts, so that a camera that comes too late is let go
  let ratio = PORTRAIT;
  let first = null; // light and sharpness of the earlier photograph
  let shot = null; // { blob, url }
  let looking = 0;

  // The camera ------------------------------------------------------------------------------------

  const stop = () => {
    asked += 1;
    clearInterval(looking);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
  };

  const start = async (device = "") => {
    stop();
    const mine = asked;
    const which = device ? { deviceId: { exact: device } } : { facingMode: { ideal: "environment" } };
    try {
      const found = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { ...which, width: { ideal: 2448 }, height: { ideal: 3264 } },
      });
      if (mine !== asked || !dialog.open) {
        for (const track of found.getTracks()) track.stop();
        return;
      }
      stream = found;
      video.srcObject = found;
      await video.play();
      if (mine !== asked) return;
      if (dialog.dataset.state === "starting") dialog.dataset.state = "live";
      looking = setInterval(look, LOOK_MS);
      await offerDevices();
    } catch (error) {
      if (mine === asked) sayWhyNot(error);
    }
  };

  const sayWhyNot = (error) => {
    const why = { NotAllowedError: "not-allowed", NotReadableError: "busy" }[error.name] ?? "no-camera";
    const slot = slotOf(view);
    dialog.close();
    const said = slot?.querySelector("[data-slot-said]");
    if (!said) return;
    said.textContent = window.photoUploads.word(why);
    said.hidden = false;
  };

  const offerDevices = async () => {
    const all = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "videoinput");
    const current = stream?.getVideoTracks()[0]?.getSettings().deviceId;
    part("devices").hidden = all.length < 2;
    part("device").replaceChildren(
      ...all.map((each) => new Option(each.label, each.deviceId, false, each.deviceId === current)),
    );
  };

  const frame = () => window.pictureCheck.middle(video.videoWidth, video.videoHeight, ratio);

  // What it says -----------------------------------------------------------------------------------

  const FINE = new Set(["light", "sharp", "large"]);
  const listChecks = (codes, values = {}, words = "") => {
    part("said").textContent = words;
    part("checks").replaceChildren(
      ...codes.map((code) => {
        const line = document.createElement("li");
        line.className = FINE.has(code) ? "state state-fine" : "state state-attention";
        line.dataset.check = code;
        const text = document.createElement("span");
        text.textContent = word(code, values);
        line.append(icon(FINE.has(code) ? "fine" : "attention"), text);
        return line;
      }),
    );
  };

  let lastCode = "";
  const look = () => {
    if (dialog.dataset.state !== "live" || !first || !video.videoWidth) return;
    const code = window.pictureCheck.lightAgainst(
      window.pictureCheck.light(video, frame()),
      first.light,
      limits.lightApart,
    );
    if (code !== lastCode) listChecks([code]); // else a screen reader would hear it every second
    lastCode = code;
  };

  const strength = (value) => {
    range.value = value;
    ghost.style.opacity = range.value / 100;
    const label = slotOf(view)?.dataset.first ?? "";
    const said = word("strength", { n: range.value });
    part("output").textContent = said;
    range.setAttribute("aria-valuetext", said);
    part("then-words").textContent =
      dialog.dataset.state === "review" ? label : word("shown", { first: label, n: range.value });
  };

  const shownViews = () => {
    const all = [...document.querySelectorAll("[data-slot]")];
    return all.filter((slot) => "due" in slot.dataset || slot.dataset.slot === view);
  };
  const markOf = (slot) => {
    const state = window.photoUploads.states().get(slot.dataset.slot);
    if (state) return ["lost", "refused", "signed-out"].includes(state) ? "stuck" : "sending";
    return slot.dataset.kept ? "taken" : "";
  };
  const listViews = () => {
    const slots = shownViews();
    const focused = document.activeElement?.dataset?.cameraView;
    part("views").replaceChildren(
      ...slots.map((slot, at) => {
        const mark = markOf(slot);
        const line = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.cameraView = slot.dataset.slot;
        if (slot.dataset.slot === view) button.setAttribute("aria-current", "step");
        const name = document.createElement("span");
        name.textContent = slot.dataset.label;
        const place = document.createElement("small");
        place.textContent = mark ? word(mark) : word("place", { n: at + 1, of: slots.length });
        const shape = { taken: "fine", sending: "waiting", stuck: "attention" }[mark] ?? "open";
        button.append(icon(shape), name, place);
        line.append(button);
        return line;
      }),
    );
    if (focused) dialog.querySelector(`[data-camera-view="${focused}"]`)?.focus();
    part("views").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const showGhost = () => {
    const url = slotOf(view)?.dataset.firstUrl ?? "";
    first = null;
    const isThere = Boolean(url);
    part("then").hidden = !isThere;
    part("strength").hidden = !isThere;
    if (!isThere) {
      ghost.removeAttribute("src");
      setRatio(PORTRAIT);
      return;
    }
    if (ghost.getAttribute("src") !== url) ghost.src = url;
    if (ghost.complete && ghost.naturalWidth) ghostCame();
    strength(range.value);
  };
  const setRatio = (value) => {
    ratio = value;
    part("stage").style.setProperty("--ratio", value);
  };
  const ghostCame = () => {
    setRatio(ghost.naturalWidth / ghost.naturalHeight);
    const whole = { x: 0, y: 0, width: ghost.naturalWidth, height: ghost.naturalHeight };
    first = window.pictureCheck.look(ghost, whole);
  };
  ghost.addEventListener("load", ghostCame);

  const to = async (name) => {
    view = name;
    const slot = slotOf(view);
    part("title").textContent = slot.dataset.label;
    part("stance").replaceChildren(slot.querySelector("template[data-stance]").content.cloneNode(true));
    drop();
    lastCode = "";
    listChecks([]);
    listViews();
    showGhost();
    if (slot.dataset.first && !slot.dataset.firstUrl && (await window.photoUploads.uncover())) {
      if (view === name) showGhost();
    }
    if (!slot.dataset.first) listChecks([], {}, word("no-first"));
  };

  // Taking one ------------------------------------------------------------------------------------

  const drop = () => {
    if (shot) URL.revokeObjectURL(shot.url);
    shot = null;
    part("shot").removeAttribute("src");
    part("shot").hidden = true;
    dialog.dataset.state = stream ? "live" : "starting";
    if (slotOf(view)) strength(range.value);
  };

  const shoot = async () => {
    if (dialog.dataset.state !== "live" || !video.videoWidth) return;
    const cut = frame();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [cut.width, cut.height];
    canvas.getContext("2d").drawImage(video, cut.x, cut.y, cut.width, cut.height, 0, 0, cut.width, cut.height);
    dialog.dataset.state = "review";
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (dialog.dataset.state !== "review" || !blob) return;
    shot = { blob, url: URL.createObjectURL(blob) };
    part("shot").src = shot.url;
    part("shot").hidden = false;
    strength(range.value);
    const size = { width: cut.width, height: cut.height };
    const now = window.pictureCheck.look(canvas, { x: 0, y: 0, ...size });
    listChecks(window.pictureCheck.against(now, first, size, limits), size);
    part("keep").focus();
  };

  const again = () => {
    drop();
    lastCode = "";
    listChecks([]);
    part("shoot").focus();
  };

  const keep = () => {
    if (!shot) return;
    const file = new File([shot.blob], `${view}.jpg`, { type: "image/jpeg" });
    window.photoUploads.add(view, file);
    const open = shownViews().find((slot) => "due" in slot.dataset && !markOf(slot));
    if (open) {
      to(open.dataset.slot);
      part("shoot").focus();
      return;
    }
    drop();
    listViews();
    listChecks([], {}, word("all-taken"));
    part("close").focus();
  };

  // Opening and closing --------------------------------------------------------------------------

  const open = (name) => {
    if (!navigator.mediaDevices?.getUserMedia || dialog.open) return;
    dialog.dataset.state = "starting";
    view = name;
    dialog.showModal();
    to(name);
    start();
    part("shoot").focus();
  };

  dialog.addEventListener("close", () => {
    stop();
    drop();
    ghost.removeAttribute("src");
    const slot = slotOf(view);
    const fold = slot?.closest("details");
    if (fold) fold.open = true;
    // What can be pressed there now: the camera, or "Cancel" while it is being sent.
    [...(slot?.querySelectorAll("button, input") ?? [])].find((each) => each.getClientRects().length)?.focus();
  });
  document.addEventListener("visibilitychange", () => {
    if (!dialog.open) return;
    if (document.visibilityState === "hidden") {
      stop();
      if (!shot) dialog.dataset.state = "starting";
    } else start(part("device").value);
  });
  window.addEventListener("pagehide", stop);
  document.addEventListener("photos:changed", () => {
    if (dialog.open) listViews();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (button?.matches("[data-camera]")) open(button.closest("[data-slot]").dataset.slot);
    else if (button?.dataset.cameraView) {
      to(button.dataset.cameraView);
      part("shoot").focus();
    }
  });
  part("close").addEventListener("click", () => dialog.close());
  part("shoot").addEventListener("click", shoot);
  part("keep").addEventListener("click", keep);
  part("again").addEventListener("click", again);
  part("less").addEventListener("click", () => strength(Number(range.value) - STEP));
  part("more").addEventListener("click", () => strength(Number(range.value) + STEP));
  part("file").addEventListener("click", () => {
    const input = slotOf(view).querySelector("input[type=file]");
    dialog.close();
    input.click();
  });
  part("device").addEventListener("change", () => start(part("device").value));
  range.addEventListener("input", () => strength(range.value));
  for (const line of ["thirds", "centre"])
    part(line).addEventListener("change", () => {
      dialog.classList.toggle(`no-${line}`, !part(line).checked);
    });
  dialog.addEventListener("keydown", (event) => {
    const own = event.target.closest?.("button, input[type=checkbox], select");
    if (event.key === " " && !own && dialog.dataset.state === "live") {
      event.preventDefault();
      shoot();
    }
    if (event.key === "Enter" && !own && dialog.dataset.state === "review") {
      event.preventDefault();
      keep();
    }
  });
})();
