// What scrolls sideways can be reached by keyboard, says so, and fades at the side where it goes on (edition.css).
"use strict";

(function () {
  const KINDS = {
    "div.math": "formula",
    ".pst-scrollable-table-container": "table",
    "figure > a": "figure",
    "div.cell_output .output": "output",
    "div.claims-graph": "graph",
    "div.highlight pre": "code",
  };

  function mark(box, kind) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
    if (scrolls === box.classList.contains("scrolls")) return;
    box.classList.toggle("scrolls", scrolls);
    if (box.tagName === "A") return;  // a link has its focus and its name
    const says = { tabindex: "0", role: "group", "aria-label": `${kind}, scrolls sideways` };
    for (const [name, value] of Object.entries(says)) {
      if (scrolls) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  }

  // A box changes its size when its formula is set, its fold is opened or the window is turned.
  const watch = new ResizeObserver((seen) => seen.forEach(({ target }) => mark(target, kinds.get(target))));
  const kinds = new Map();
  for (const [selector, kind] of Object.entries(KINDS)) {
    for (const box of document.querySelectorAll(`.bd-article :is(${selector})`)) {
      kinds.set(box, kind);
      watch.observe(box);
      box.addEventListener("scroll", () => {
        box.classList.toggle("at-end", box.scrollLeft + box.clientWidth >= box.scrollWidth - 2);
      }, { passive: true });
    }
  }
})();
