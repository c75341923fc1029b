// Files many photographs at once. The server reads from the first bytes of each when it was taken
// and answers with a row that proposes visit and view; "File all" then sends one after the other.
(() => {
  "use strict";

  const form = document.getElementById("filing");
  if (!form) return;
  form.hidden = false;

  const TRIES = 3;
  const PAUSE_MS = 1500;
  const all = (selector, root = form) => [...root.querySelectorAll(selector)];
  const one = (selector, root = form) => root.querySelector(selector);
  const words = one("[data-words]").dataset;
  const input = one("#files");
  const button = one("button[type=submit]");
  const body = one("tbody");
  const files = new Map(); // row number -> File
  const filed = new Set();
  let next = 0;
  let isBusy = false;

  const headers = () => ({
    "X-CSRFToken": one("[name=csrfmiddlewaretoken]").value,
    "HX-Request": "true",
  });
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const say = (sentence) => {
    const place = one("[data-said]");
    place.textContent = sentence;
    place.hidden = !sentence;
  };
  const rows = () => all("tr[data-file]");
  const numberOf = (row) => Number(row.dataset.file);
  const open = () => rows().filter((row) => !filed.has(numberOf(row)));
  const state = (row, text, kind = "") => {
    const place = one(".filing-state", row);
    place.textContent = text;
    place.dataset.kind = kind;
  };

  const refresh = () => {
    one("[data-found]").hidden = rows().length === 0;
    button.disabled = isBusy || open().length === 0;
    const isLate = open().some((row) => "signed" in (one("[data-visit]", row).selectedOptions[0]?.dataset ?? {}));
    one("[data-late]").hidden = !isLate;
    return isLate;
  };

  async function propose(chosen) {
    const most = Number(form.dataset.most);
    for (let at = 0; at < chosen.length; at += most) {
      const part = chosen.slice(at, at + most);
      const data = new FormData();
      data.set("start", next);
      for (const file of part) {
        data.append("head", file.slice(0, Number(form.dataset.head)), "head");
        data.append("name", file.name);
      }
      const answer = await fetch(form.dataset.propose, { method: "POST", body: data, headers: headers(), redirect: "error" });
      if (!answer.ok || answer.headers.get("HX-Retarget")) throw new Error(words.ended);
      const parsed = document.createElement("template");
      parsed.innerHTML = await answer.text(); // a fragment of our own server, escaped there
      for (const row of all("tr", parsed.content)) {
        const file = part[numberOf(row) - next];
        files.set(numberOf(row), file);
        const picture = one("img", row);
        picture.src = URL.createObjectURL(file);
        picture.hidden = false;
        picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
      }
      body.append(parsed.content);
      next += part.length;
    }
  }

  const choose = async (chosen) => {
    say("");
    try {
      await propose([...chosen]);
    } catch {
      say(navigator.onLine ? words.ended : words.lost);
    }
    refresh();
  };

  input.addEventListener("change", () => {
    choose([...input.files]);
    input.value = "";
  });
  const zone = one(".drop");
  for (const kind of ["dragover", "dragenter"])
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  for (const kind of ["dragleave", "drop"])
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
    });
  zone.addEventListener("drop", (event) => choose([...event.dataTransfer.files]));

  form.addEventListener("change", () => {
    say("");
    refresh();
  });
  form.addEventListener("click", (event) => {
    const row = event.target.closest("[data-remove]")?.closest("tr");
    if (!row || isBusy) return;
    files.delete(numberOf(row));
    const beside = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (beside ? one("[data-remove]", beside) : input)?.focus();
    refresh();
  });

  const send = (row) =>
    new Promise((done) => {
      const data = new FormData();
      data.set("file", files.get(numberOf(row)));
      data.set("view", one("[data-view]", row).value);
      data.set("setup", one("[data-setup]")?.value ?? "");
      data.set("reason", one("[data-reason]").value);
      const request = new XMLHttpRequest();
      request.open("POST", form.dataset.add.replace("/0/", `/${one("[data-visit]", row).value}/`));
      for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", ({ loaded, total }) =>
        state(row, `${words.sending} ${(loaded / 1e6).toFixed(1)} / ${(total / 1e6).toFixed(1)} MB`, "busy"),
      );
      request.addEventListener("loadend", () => done(request));
      request.send(data);
    });

  // Returns whether to go on with the next one.
  async function file(row) {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      state(row, words.sending, "busy");
      const answer = await send(row);
      if (answer.getResponseHeader("HX-Retarget") || answer.getResponseHeader("HX-Redirect")) {
        state(row, words.ended, "wrong");
        return false;
      }
      if (answer.status === 200) {
        filed.add(numberOf(row));
        files.delete(numberOf(row));
        state(row, words.filed, "done");
        for (const field of all("select, [data-remove]", row)) field.disabled = true;
        return true;
      }
      if (answer.status > 0 && answer.status < 500) {
        const parsed = new DOMParser().parseFromString(answer.responseText, "text/html");
        state(row, parsed.querySelector(".wrong")?.textContent.trim() ?? String(answer.status), "wrong");
        return true;
      }
      if (attempt < TRIES) await pause(PAUSE_MS * attempt);
    }
    state(row, words.lost, "wrong");
    return false;
  }

  const complaint = () => {
    const places = open().map((row) => [one("[data-visit]", row).value, one("[data-view]", row).value]);
    if (places.some(([visit, view]) => !visit || !view)) return words.choose;
    if (new Set(places.map(String)).size < places.length) return words.twice;
    if (refresh() && !one("[data-reason]").value.trim()) return words.why;
    return "";
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = complaint();
    say(wrong);
    if (wrong || isBusy) return;
    isBusy = true;
    refresh();
    for (const row of open()) state(row, words.waiting);
    for (const row of open()) if (!(await file(row))) break;
    isBusy = false;
    refresh();
  });

  window.addEventListener("beforeunload", (event) => {
    if (open().length) event.preventDefault();
  });
})();
