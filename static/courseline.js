// What pages do beyond their forms. Everything here is an addition: each page works without it.
(() => {
  "use strict";

  // htmx notes the address of the page there, and an address may hold the name that was looked for.
  sessionStorage.removeItem("htmx-current-path-for-history");

  // Whether a long form holds something that is not saved.
  let touched = false;
  // Whether a save did not get through: what was sent before it and answers late says nothing of it.
  let unsaved = false;

  const cookie = (name) =>
    document.cookie
      .split("; ")
      .find((pair) => pair.startsWith(name + "="))
      ?.split("=")[1];

  // "/" focuses the search, unless somebody is typing.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    const box = document.querySelector(".page-search input, #bar-q");
    if (box) {
      event.preventDefault();
      box.focus();
    }
  });

  // After a refused save the focus goes to the summary, so that it is read and seen.
  const toErrors = () => document.getElementById("errors")?.focus();
  document.addEventListener("DOMContentLoaded", toErrors);
  document.addEventListener("htmx:afterSettle", toErrors);

  // The token changes at sign-in; a form opened before must not be refused for it.
  document.addEventListener("htmx:configRequest", (event) => {
    const token = cookie("csrftoken") || cookie("__Host-csrftoken");
    if (token && event.detail.parameters.csrfmiddlewaretoken) {
      event.detail.parameters.csrfmiddlewaretoken = token;
    }
  });

  // A lost connection says so and keeps the page.
  const offline = (event) => {
    unsaved ||= event.target.matches("form.guarded");
    touched ||= unsaved;
    const alert = document.getElementById("page-alert");
    const words = document.getElementById("offline-words");
    if (alert && words && event.target.closest("form")) {
      alert.replaceChildren(words.content.cloneNode(true));
      alert.scrollIntoView({ block: "nearest" });
    }
  };
  for (const lost of ["htmx:sendError", "htmx:timeout", "htmx:sendAbort"])
    document.addEventListener(lost, offline);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("form")) document.getElementById("page-alert")?.replaceChildren();
  });

  // Buttons that only a script can serve stay hidden without one.
  const wake = () => {
    for (const button of document.querySelectorAll("[data-needs-script]")) button.hidden = false;
  };
  document.addEventListener("DOMContentLoaded", wake);
  document.addEventListener("htmx:afterSettle", wake);

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  // Leaving a long form that was touched asks first.
  document.addEventListener("input", (event) => {
    if (event.target.closest("form.guarded")) touched = true;
  });
  document.addEventListener("submit", () => {
    touched = false;
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    // Signed out meanwhile: the answer is a banner, and nothing was kept.
    if (event.detail.xhr.getResponseHeader("HX-Retarget")) return;
    if (event.target.matches("form")) unsaved = false;
    else if (unsaved) return;
    touched = !event.detail.xhr.getResponseHeader("HX-Redirect") && event.target.matches("form.guarded");
  });
  // All of it lies on the server as a draft.
  document.addEventListener("draft:kept", () => {
    touched = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (touched) event.preventDefault();
  });

  // "None" and the reactions exclude each other.
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-none-of] input[type=checkbox], .chips input[type=checkbox]");
    const row = box?.closest(".chip-row");
    if (!box?.checked || !row) return;
    for (const other of row.querySelectorAll("input[type=checkbox]")) {
      if (other !== box && (box.value === "none" || other.value === "none")) other.checked = false;
    }
  });

  // A page that answers a tap may have moved another button under the finger: taps that come too
  // soon after it are not meant for what stands there now.
  const SETTLED_MS = 900;
  document.addEventListener(
    "submit",
    (event) => {
      if (
        event.target.method === "post" &&
        document.querySelector(".message") &&
        performance.now() < SETTLED_MS
      ) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    true,
  );

  // Boards fetch themselves anew while somebody looks at them and does nothing else on them.
  const REFRESH_MS = 30000;
  setInterval(() => {
    const board = document.querySelector("[data-refresh]");
    const busy = board?.contains(document.activeElement) || document.querySelector("dialog[open]");
    if (board && !busy && document.visibilityState === "visible") htmx.trigger(board, "refresh");
  }, REFRESH_MS);

  // A pending save says so after 400 ms, and the button cannot be tapped twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent && !form.hasAttribute("hx-post")) {
      event.preventDefault();
      return;
    }
    if (form.method === "post") form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();

// The tablet was handed to a patient in another window: this one shows her page too, at once.
new BroadcastChannel("courseline").addEventListener("message", (event) => {
  if (event.data === "handed over" && !document.querySelector("[data-handed-over]")) {
    document.body.replaceChildren();
    location.replace(location.href);
  }
});
