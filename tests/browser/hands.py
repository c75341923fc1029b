"""Two ways to use a page: with the keyboard alone, and with a finger whose taps are counted."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass
class Keyboard:
    """Somebody who has only the keyboard: Tab, arrows, Space and Enter."""

    page: Page

    def reach(self, selector: str) -> None:
        """Tab to the next element that matches, and see that no bar covers it."""
        for _ in range(400):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                break
        else:
            raise AssertionError(f"{selector} cannot be reached by Tab")
        covered = self.page.evaluate(
            """() => {
              const focused = document.activeElement, box = focused.getBoundingClientRect();
              const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              const near = top && (focused.contains(top) || top.contains(focused) ||
                focused.parentElement.contains(top));
              return near ? "" : `${focused.outerHTML.slice(0, 80)} under ${top?.outerHTML.slice(0, 80)}`;
            }"""
        )
        assert covered == ""

    def choose(self, name: str, value: str) -> None:
        """Answer a row of radio buttons: Space takes the first, arrows go on from there."""
        self.reach(f'input[name="{name}"]')
        values = self.page.eval_on_selector_all(
            f'input[name="{name}"]', "all => all.map(each => each.value)"
        )
        self.page.keyboard.press("Space")
        for _ in range(values.index(value)):
            self.page.keyboard.press("ArrowRight")
        expect(self.page.locator(f'input[name="{name}"][value="{value}"]')).to_be_checked()

    def press(self, selector: str) -> None:
        self.reach(selector)
        self.page.keyboard.press("Enter")


@dataclass
class Finger:
    """Somebody who taps, and is counted."""

    page: Page
    taps: int = 0

    def tap(self, target: Locator) -> None:
        target.tap()
        self.taps += 1

    def answer(self, name: str, value: str) -> None:
        self.tap(self.page.locator(f'input[name="{name}"][value="{value}"]'))
