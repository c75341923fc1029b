// The film of a course: choosing two photographs of one view, and covering them again by itself.
(() => {
  "use strict";

  const film = document.getElementById("film");
  if (!film) return;

  // Choosing ---------------------------------------------------------------------------------------

  const words = film.dataset.words.split("|");
  const boxes = [...film.querySelectorAll("input[name=pick]")];
  let order = []; // in which they were chosen, the last one last

  const tell = () => {
    const byDay = [...order].sort((one, other) => one.dataset.day.localeCompare(other.dataset.day));
    for (const box of boxes) {
      box.checked = order.includes(box);
      box.dataset.letter = "AB"[byDay.indexOf(box)] ?? "";
    }
    document.querySelector(".film-say").textContent = words[order.length];
  };
  film.addEventListener("change", ({ target }) => {
    if (target.name !== "pick") return;
    order = order.filter((each) => each !== target);
    // A pair shows one view, so another view begins anew; a third one takes the place of the second.
    if (target.checked) {
      order = [...order.filter((each) => each.dataset.view === target.dataset.view).slice(0, 1), target];
    }
    tell();
  });
  film.addEventListener("submit", (event) => {
    if (order.length === 2) return;
    event.preventDefault();
    const say = document.querySelector(".film-say");
    say.textContent = words[order.length];
    say.classList.add("is-asked");
  });
  order = boxes.filter((box) => box.checked).slice(0, 2);
  tell();

  // Covering ---------------------------------------------------------------------------------------

  const SHOWN_MS = 5 * 60 * 1000;
  const cover = document.getElementById("cover");
  if (!cover || film.dataset.uncovered === undefined) return;
  const hide = () => {
    for (const image of film.querySelectorAll(".shot img")) image.remove();
    film.classList.add("is-covered");
    location.replace(cover.href);
  };
  setTimeout(hide, SHOWN_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hide();
  });
  // A page that the browser kept is covered when somebody goes back to it.
  window.addEventListener("pageshow", (event) => event.persisted && hide());
})();
