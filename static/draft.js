// Keeps what stands in a long form as a draft on the server, so that nothing typed is lost.
//
// <form data-draft="/address/">        where the draft is posted, the whole form without its files
// [data-draft-state]                   shows what the server answers ("Draft kept 10:42"); parts of
//                                      the answer with an id that the page has go there instead
// [data-draft-lost] hidden             the bar for a lost connection, with [data-draft-since] (a
//                                      time) and a button [data-draft-retry]
// #page-alert                          shows the banner of an expired sign-in; the page stays
//
// It is posted two seconds after the last change, at the latest eight after the first, when the
// page is hidden, and again when the connection or the sign-in is back. Nothing is stored in the
// browser. "draft:kept" on the form says that all of it is on the server.
(() => {
  "use strict";

  const QUIET_MS = 2000;
  const MOST_MS = 8000;
  const RETRY_MS = 10000;
  const PATIENCE_MS = 15000;
  const ASIDE = new Set(["map_view", "map_grid"]);

  let changes = 0; // counted, so that an answer knows whether something was typed meanwhile
  let kept = 0;
  let first = 0;
  let timer = 0;
  let sending = null;
  let keptAt = new Date();
  let isSaving = false;
  let isComposing = false;

  const form = () => document.querySelector("form[data-draft]");
  const part = (name) => document.querySelector(`[data-draft-${name}]`);
  const isDirty = () => changes > kept;
  const cookie = (name) =>
    document.cookie
      .split("; ")
      .find((pair) => pair.startsWith(`${name}=`))
      ?.split("=")[1];
  const token = () => cookie("csrftoken") || cookie("__Host-csrftoken") || "";

  const wait = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(send, ms);
  };

  const content = () => {
    const data = new FormData(form());
    for (const [name, value] of [...data]) if (value instanceof File || ASIDE.has(name)) data.delete(name);
    if (token()) data.set("csrfmiddlewaretoken", token());
    return new URLSearchParams([...data]);
  };

  const show = (place, html) => {
    const parsed = document.createElement("template");
    parsed.innerHTML = html; // a fragment of our own server, escaped there
    const named = [...parsed.content.children].filter((part) => document.getElementById(part.id));
    if (named.length) named.forEach(takePlace);
    else place?.replaceChildren(parsed.content);
  };

  // An answer may have several parts, each of which takes the place of what has its id. A field
  // marked data-keep stays the one on the page: somebody may be typing into it.
  const takePlace = (part) => {
    const before = document.getElementById(part.id);
    const focused = before.contains(document.activeElement) ? document.activeElement : null;
    // A letter that is being composed would break off; the next answer is in time.
    if (before.isEqualNode(part) || (focused && isComposing)) return;
    const caret = focused?.selectionStart ?? null;
    const span = [caret, focused?.selectionEnd, focused?.selectionDirection];
    for (const field of part.querySelectorAll("[data-keep]")) {
      const old = before.querySelector(`[id="${CSS.escape(field.id)}"]`);
      if (!old) continue;
      const fold = field.closest("details");
      if (fold) fold.open ||= old.closest("details")?.open;
      for (const name of ["aria-invalid", "aria-describedby"]) {
        if (field.hasAttribute(name)) old.setAttribute(name, field.getAttribute(name));
        else old.removeAttribute(name);
      }
      field.replaceWith(old);
    }
    before.replaceWith(part);
    if (!focused) return;
    // What is taken out of the page loses the focus, even when it comes back at once.
    const place = part.contains(focused) ? focused : sameIn(part, focused);
    place?.focus({ preventScroll: true });
    if (place === focused && caret !== null) place.setSelectionRange(...span);
  };
  const sameIn = (part, lostOne) =>
    [...part.querySelectorAll("a, summary, button, input")].find((each) =>
      lostOne.id ? each.id === lostOne.id : each.textContent === lostOne.textContent,
    );

  const lost = () => {
    const bar = part("lost");
    if (bar) {
      bar.querySelector("[data-draft-since]").textContent = keptAt.toLocaleTimeString(
        document.documentElement.lang,
        { hour: "2-digit", minute: "2-digit" },
      );
      bar.hidden = false;
    }
    wait(RETRY_MS);
  };

  const signedOut = (html) => {
    const place = document.getElementById("page-alert");
    if (!place?.querySelector("[data-draft-signed-out]")) {
      show(place, html);
      if (place?.firstElementChild) place.firstElementChild.dataset.draftSignedOut = "yes";
    }
    wait(RETRY_MS);
  };

  const back = (html, upTo) => {
    kept = upTo;
    keptAt = new Date();
    first = 0;
    show(part("state"), html);
    const bar = part("lost");
    if (bar) bar.hidden = true;
    document.querySelector("#page-alert [data-draft-signed-out]")?.remove();
    if (isDirty()) wait(QUIET_MS);
    else form()?.dispatchEvent(new Event("draft:kept", { bubbles: true }));
  };

  // One at a time: an older draft that arrives late must not lie over a newer one.
  async function send({ keepalive = false } = {}) {
    clearTimeout(timer);
    if (!form() || !isDirty() || isSaving || (sending && !keepalive)) return;
    const mine = new AbortController();
    const tooLong = setTimeout(() => mine.abort("slow"), PATIENCE_MS);
    const upTo = changes;
    sending = mine;
    try {
      const answer = await fetch(form().dataset.draft, {
        method: "POST",
        body: content(),
        headers: { "HX-Request": "true", "X-CSRFToken": token() },
        credentials: "same-origin",
        redirect: "error",
        signal: mine.signal,
        keepalive,
      });
      const html = await answer.text();
      if (answer.headers.get("HX-Retarget")) signedOut(html);
      else if (answer.ok && !answer.headers.get("HX-Redirect")) back(html, upTo);
      else lost();
    } catch {
      if (mine.signal.reason !== "saving") lost();
    } finally {
      clearTimeout(tooLong);
      if (sending === mine) sending = null;
    }
  }

  const changed = (event) => {
    if (!event.target.closest?.("form[data-draft]") || ASIDE.has(event.target.name)) return;
    changes += 1;
    first ||= Date.now();
    wait(Math.max(0, Math.min(QUIET_MS, first + MOST_MS - Date.now())));
  };
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  for (const kind of ["compositionstart", "compositionend"])
    document.addEventListener(kind, () => {
      isComposing = kind === "compositionstart";
    });
  document.addEventListener("visibilitychange", () =>
    send({ keepalive: document.visibilityState === "hidden" }),
  );
  window.addEventListener("online", () => send());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-draft-retry]")) send();
  });

  // A draft that arrives after its own save would be offered again: none is sent meanwhile.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented && !event.target.hasAttribute("hx-post")) return;
    if (!event.target.matches("form[data-draft]")) return;
    isSaving = true;
    clearTimeout(timer);
    sending?.abort("saving");
  });
  const saved = (event) => {
    if (!isSaving || !(event.detail?.elt ?? event.target).matches?.("form[data-draft]")) return;
    isSaving = false;
    if (isDirty()) wait(QUIET_MS);
  };
  for (const end of ["htmx:afterRequest", "htmx:sendError", "htmx:timeout", "htmx:sendAbort"])
    document.addEventListener(end, saved);
  window.addEventListener("pageshow", () => {
    isSaving = false;
  });
})();
