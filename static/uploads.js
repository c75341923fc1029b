// Sends the photographs of a visit, each by itself as soon as it is chosen or taken, one after
// another. The slots are the server's: an answer is the slot as it stands then.
//
// [data-photos]            the part of the page; data-url takes a photograph, data-word-* are words
// [data-slot="view"]       one view; data-kept while it has a photograph
// window.photoUploads      add(view, file), states(), uncover(), word(name): what the camera needs
// "photos:changed"         on the document, when a slot or a state has changed
//
// A photograph that is not sent yet is held in memory only, never in the storage of the browser:
// the page asks before it is left, and a save waits.
(() => {
  "use strict";

  const PAUSES_MS = [1000, 3000, 9000];
  const PATIENCE_MS = 60000; // without a byte going out, or for the answer
  const COVER_MS = 300000;
  const SURE_MS = 5000;
  const SETTLED_MS = 1500;
  const STUCK = new Set(["lost", "refused", "signed-out"]);

  const jobs = new Map(); // by view, in the order in which they are sent
  let held = null; // the button of a save that waits for the photographs
  let covering = 0;

  const root = () => document.querySelector("[data-photos]");
  const slotOf = (view) => document.getElementById(`slot-${view}`);
  const form = () => document.getElementById("visit-form");
  const word = (name, values = {}) =>
    Object.entries(values).reduce(
      (text, [key, value]) => text.replace(`{${key}}`, value),
      root()?.getAttribute(`data-word-${name}`) ?? "",
    );
  const cookie = (name) =>
    document.cookie
      .split("; ")
      .find((pair) => pair.startsWith(`${name}=`))
      ?.split("=")[1];
  const token = () => cookie("csrftoken") || cookie("__Host-csrftoken") || "";
  const parsed = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html; // a fragment of our own server, escaped there
    return template.content;
  };
  const say = (text) => {
    const place = root()?.querySelector("[data-photos-said]");
    if (place) place.textContent = text;
  };
  const size = (bytes, unit) =>
    unit === "kB"
      ? Math.round(bytes / 1024).toLocaleString(document.documentElement.lang)
      : (bytes / 1048576).toLocaleString(document.documentElement.lang, {
          minimumFractionDigits: 1,
          maximumFractionDigits: 1,
        });

  // What the page shows ------------------------------------------------------------------------

  const wordsOf = (job) => {
    if (job.state === "sending") {
      if (job.sent >= job.total) return word("checking");
      const unit = job.total < 1048576 ? "kB" : "MB";
      return word("sending", { sent: size(job.sent, unit), total: `${size(job.total, unit)} ${unit}` });
    }
    return job.state === "refused" ? job.sentence : word(job.state);
  };

  const paint = (job) => {
    const slot = slotOf(job.view);
    if (!slot) return;
    const box = slot.querySelector("[data-job]");
    const focused = box.contains(document.activeElement);
    slot.dataset.job = job.state;
    box.hidden = false;
    box.querySelector("[data-job-words]").textContent = wordsOf(job);
    const bar = box.querySelector("[data-job-bar]");
    bar.hidden = job.state !== "sending";
    bar.max = job.total || 1;
    bar.value = job.sent;
    box.querySelector("[data-job-retry]").hidden = !["lost", "signed-out", "offline"].includes(job.state);
    preview(job, slot);
    if (focused && !document.activeElement.getClientRects().length) focusIn(slot);
  };

  const preview = (job, slot) => {
    const tile = slot.querySelector("[data-today]");
    const shown = tile.querySelector("img");
    if (job.isUnreadable || shown?.src === job.preview) return;
    shown?.remove();
    const image = document.createElement("img");
    image.alt = "";
    image.onerror = () => {
      job.isUnreadable = true; // HEIC, for one; the server says so
      image.remove();
    };
    image.src = job.preview;
    tile.append(image);
  };

  const changed = () => {
    const part = root();
    if (!part) return;
    const due = [...part.querySelectorAll("[data-slot][data-due]")];
    const taken = due.filter((slot) => slot.dataset.kept).length;
    for (const count of document.querySelectorAll("[data-photos-count]"))
      count.textContent = word("count", { n: taken, of: due.length });
    document.dispatchEvent(new Event("photos:changed"));
  };

  const show = (job, state) => {
    job.state = state;
    paint(job);
    if (STUCK.has(state) || state === "offline") say(`${slotOf(job.view)?.dataset.label}: ${wordsOf(job)}`);
    changed();
    release();
  };

  const focusIn = (slot) =>
    [...slot.querySelectorAll("button, input")]
      .find((each) => each.getClientRects().length)
      ?.focus({ preventScroll: true });

  // Put the server's slot in the place of the page's.
  const replace = (fresh) => {
    const before = document.getElementById(fresh.id);
    if (!before) return null;
    const focused = before.contains(document.activeElement);
    // Why the camera does not open stays said until there is a photograph.
    const said = before.querySelector("[data-slot-said]:not([hidden])");
    if (said && !fresh.dataset.kept) fresh.querySelector("[data-slot-said]").replaceWith(said);
    before.replaceWith(fresh);
    ready(fresh);
    const job = jobs.get(fresh.dataset.slot);
    if (job) paint(job);
    if (focused) focusIn(fresh);
    return fresh;
  };

  const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);
  const ready = (part) => {
    for (const button of part.querySelectorAll("[data-needs-script]")) button.hidden = false;
    for (const button of part.querySelectorAll("[data-camera]")) button.hidden = !hasCamera();
    // Where the page has its own camera a file is chosen from the device, not taken by another app.
    if (hasCamera())
      for (const input of part.querySelectorAll("input[capture]")) input.removeAttribute("capture");
  };

  // Sending --------------------------------------------------------------------------------------

  const forget = (job) => {
    clearTimeout(job.timer);
    clearTimeout(job.patience);
    if (jobs.get(job.view) === job) jobs.delete(job.view);
    URL.revokeObjectURL(job.preview);
  };

  const next = () => {
    if ([...jobs.values()].some((job) => job.state === "sending")) return;
    const job = [...jobs.values()].find((each) => each.state === "waiting");
    if (!job) return;
    if (navigator.onLine) send(job);
    else {
      show(job, "offline");
      next();
    }
  };

  const send = (job) => {
    const part = root();
    const data = new FormData();
    data.set("view", job.view);
    data.set("file", job.file, job.file.name);
    data.set("setup", part.querySelector("[data-photo-setup]")?.value ?? "");
    for (const mark of part.querySelectorAll("[data-photo-mark]:checked")) data.append("marks", mark.value);
    if (job.again) data.set("again", "yes");
    if ("areDue" in part.dataset && "due" in slotOf(job.view).dataset) data.set("due", "yes");
    if (part.dataset.shown) data.set("shown", "yes");

    const request = new XMLHttpRequest();
    const patient = () => {
      clearTimeout(job.patience);
      job.patience = setTimeout(() => {
        request.onabort = () => tryAgain(job);
        request.abort();
      }, PATIENCE_MS);
    };
    job.request = request;
    [job.sent, job.total] = [0, job.file.size];
    request.open("POST", part.dataset.url);
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("HX-Request", "true");
    request.upload.onprogress = (event) => {
      patient();
      if (event.lengthComputable) [job.sent, job.total] = [event.loaded, event.total];
      paint(job);
    };
    request.onload = () => answered(job, request);
    request.onerror = () => tryAgain(job);
    show(job, "sending");
    patient();
    request.send(data);
  };

  const answered = (job, request) => {
    clearTimeout(job.patience);
    if (request.getResponseHeader("HX-Retarget")) signedOut(job, request.responseText);
    else if (request.status === 200) kept(job, request.responseText);
    else if (request.status === 422) refused(job, request.responseText);
    else if (request.status === 413) stop(job, word("large"));
    else if (request.status >= 400 && request.status < 500) stop(job, word("refused"));
    else tryAgain(job);
    next();
  };

  const kept = (job, html) => {
    forget(job);
    document.querySelector("#page-alert [data-draft-signed-out]")?.remove();
    const slot = parsed(html).querySelector("[data-slot]");
    if (slot) replace(slot);
    say(word("kept", { view: slot?.dataset.label ?? "" }));
    tell();
    changed();
    release();
  };

  // What is left to do counts photographs, so the draft is sent and answered anew.
  const tell = () => {
    for (const kind of ["input", "change"]) form()?.dispatchEvent(new Event(kind, { bubbles: true }));
  };

  const refused = (job, html) => {
    const answer = parsed(html);
    const slot = answer.querySelector("[data-slot]");
    stop(job, answer.querySelector(".wrong")?.textContent.trim() || word("refused"));
    slot?.querySelector(".slot-words > .wrong:not([data-slot-said])")?.remove(); // said by the job
    if (slot) replace(slot);
  };

  const stop = (job, sentence) => {
    job.sentence = sentence;
    show(job, "refused");
  };

  const tryAgain = (job) => {
    clearTimeout(job.patience);
    if (jobs.get(job.view) !== job) return;
    if (!navigator.onLine) show(job, "offline");
    else if (job.tries < PAUSES_MS.length) {
      show(job, "pausing");
      job.timer = setTimeout(() => {
        job.state = "waiting";
        next();
      }, PAUSES_MS[job.tries]);
      job.tries += 1;
    } else show(job, "lost");
    next();
  };

  const signedOut = (job, html) => {
    const place = document.getElementById("page-alert");
    if (place && !place.querySelector("[data-draft-signed-out]")) {
      place.replaceChildren(parsed(html));
      if (place.firstElementChild) place.firstElementChild.dataset.draftSignedOut = "yes";
    }
    for (const each of jobs.values()) if (each === job || each.state === "waiting") show(each, "signed-out");
  };

  const resume = (states) => {
    for (const job of jobs.values()) {
      if (!states.includes(job.state)) continue;
      clearTimeout(job.timer);
      job.tries = 0;
      job.state = "waiting";
      paint(job);
    }
    next();
  };

  const cancel = (job) => {
    forget(job);
    if (job.request) job.request.onabort = null;
    job.request?.abort();
    const slot = slotOf(job.view);
    if (slot) {
      delete slot.dataset.job;
      slot.querySelector("[data-job]").hidden = true;
      slot.querySelector("[data-today] img")?.remove();
      focusIn(slot);
    }
    // It may have arrived all the same: the server knows.
    if (job.state === "sending") setTimeout(refresh, SETTLED_MS);
    changed();
    release();
    next();
  };

  /** Take a photograph of a view into the queue, in place of one that is not sent yet. */
  const add = (view, file) => {
    const before = jobs.get(view);
    const mayHaveArrived = before?.state === "sending";
    if (before) cancel(before);
    const slot = slotOf(view);
    for (const said of slot.querySelectorAll(".slot-words > .wrong")) said.hidden = true;
    const job = {
      view,
      file,
      again: mayHaveArrived || Boolean(slot.dataset.kept),
      preview: URL.createObjectURL(file),
      tries: 0,
      sent: 0,
      total: file.size,
    };
    jobs.set(view, job);
    show(job, "waiting");
    next();
  };

  // Uncovering -----------------------------------------------------------------------------------

  /** Bring the slots up to date. Uncovered they are a look, which the server notes. */
  const refresh = async () => {
    const part = root();
    if (!part) return false;
    const url = new URL(part.dataset.url, location.href);
    if ("areDue" in part.dataset) url.searchParams.set("due", "yes");
    if (part.dataset.shown) url.searchParams.set("shown", "yes");
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      if (!answer.ok || answer.headers.get("HX-Redirect")) return false;
      for (const slot of [...parsed(await answer.text()).querySelectorAll("[data-slot]")]) replace(slot);
    } catch {
      return false;
    }
    changed();
    return true;
  };
  const uncover = async () => {
    const part = root();
    if (part.dataset.shown) return true;
    part.dataset.shown = "yes";
    if (!(await refresh())) {
      delete part.dataset.shown;
      return false;
    }
    for (const button of part.querySelectorAll("[data-uncover]")) button.hidden = true;
    coverLater();
    say(word("uncovered"));
    return true;
  };
  // Not while somebody stands behind the camera.
  const coverLater = () => {
    clearTimeout(covering);
    covering = setTimeout(() => {
      if (document.querySelector("dialog[open]")) coverLater();
      else cover();
    }, COVER_MS);
  };
  const cover = () => {
    const part = root();
    if (!part?.dataset.shown) return;
    delete part.dataset.shown;
    for (const image of part.querySelectorAll(".tile img")) image.remove();
    for (const slot of part.querySelectorAll("[data-slot]")) delete slot.dataset.firstUrl;
    for (const button of document.querySelectorAll("[data-uncover]")) button.hidden = false;
    say(word("covered"));
  };
  window.addEventListener("pagehide", cover);

  // Events ---------------------------------------------------------------------------------------

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-photo-mark]")) {
      const chosen = document.querySelectorAll("[data-photo-mark]:checked");
      const words = [...chosen].map((mark) => mark.labels[0].textContent);
      document.querySelector("[data-photo-marked]").textContent = words.join("; ");
    }
    const input = event.target;
    const slot = input.closest?.("[data-slot]");
    if (input.type !== "file" || !slot) return;
    const [file] = input.files;
    input.value = ""; // or the form would send it a second time
    if (file) add(slot.dataset.slot, file);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    const job = jobs.get(button.closest("[data-slot]")?.dataset.slot);
    if (button.matches("[data-job-cancel]") && job) cancel(job);
    if (button.matches("[data-job-retry]") && job) {
      job.tries = 0;
      show(job, "waiting");
      next();
    }
    if (button.matches("[data-uncover]")) uncover();
    if (button.matches("[data-drop]")) drop(button);
  });

  // The first tap asks, the second one drops.
  const drop = async (button) => {
    const label = button.firstElementChild;
    if (!button.dataset.asked) {
      button.dataset.asked = label.textContent;
      label.textContent = button.dataset.sure;
      button.classList.add("btn-stop");
      setTimeout(() => {
        label.textContent = button.dataset.asked;
        delete button.dataset.asked;
        button.classList.remove("btn-stop");
      }, SURE_MS);
      return;
    }
    const slot = button.closest("[data-slot]");
    const data = new FormData();
    if (root().dataset.shown) data.set("shown", "yes");
    if ("areDue" in root().dataset && "due" in slot.dataset) data.set("due", "yes");
    try {
      const answer = await fetch(button.dataset.drop, {
        method: "POST",
        body: data,
        headers: { "HX-Request": "true", "X-CSRFToken": token() },
        credentials: "same-origin",
      });
      const fresh = parsed(await answer.text()).querySelector("[data-slot]");
      if (!fresh) throw new Error("no slot");
      replace(fresh);
      tell();
      changed();
    } catch {
      const said = slot.querySelector("[data-slot-said]");
      said.textContent = word("refused");
      said.hidden = false;
    }
  };

  window.addEventListener("online", () => resume(["offline", "pausing", "lost"]));
  const back = () => resume(["signed-out"]);
  window.addEventListener("focus", back);
  document.addEventListener("draft:kept", back);

  // A save waits until everything is sent, so that no photograph is left without its visit.
  window.addEventListener(
    "submit",
    (event) => {
      if (event.target !== form() || !jobs.size) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      held = event.submitter ?? form().querySelector("[type=submit]");
      release();
    },
    true,
  );
  const release = () => {
    const place = document.querySelector("[data-photos-hold]");
    if (!held || !place) return;
    const stuck = [...jobs.values()].find((job) => STUCK.has(job.state));
    place.hidden = !jobs.size;
    place.textContent = stuck
      ? word("stuck", { view: slotOf(stuck.view)?.dataset.label ?? "" })
      : word("hold");
    if (stuck) {
      held = null;
      const fold = slotOf(stuck.view)?.closest("details");
      if (fold) fold.open = true;
      slotOf(stuck.view)?.querySelector("[data-job] button:not([hidden])")?.focus();
    } else if (!jobs.size) {
      const button = held;
      held = null;
      if (button.isConnected) form().requestSubmit(button);
    }
  };
  window.addEventListener("beforeunload", (event) => {
    if (jobs.size) event.preventDefault();
  });

  const wake = () => {
    if (!root()) return;
    ready(root());
    if (!hasCamera()) {
      const place = root().querySelector("[data-photos-no-camera]");
      place.textContent = word(window.isSecureContext ? "no-camera" : "not-secure");
      place.hidden = false;
    }
    for (const job of jobs.values()) paint(job);
  };
  document.addEventListener("DOMContentLoaded", wake);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "visit-form") wake();
  });

  const states = () => new Map([...jobs].map(([view, job]) => [view, job.state]));
  window.photoUploads = { add, states, uncover, word };
})();
