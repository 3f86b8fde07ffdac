// Formulas: MathJax sets those that come near the window. From the first key, touch or scroll on all others that are not
// folded away follow, when the browser has nothing to do; printing sets them at once. A page may come without MathJax: it
// is loaded when its first formula comes near.
"use strict";

(function () {
  const here = Boolean(MathJax.version);
  const NEAR = here ? "600px" : "200px", PAUSE = 5000, SLICE = 6, SMALLEST = 0.8, USES = ["keydown", "pointerdown", "scroll", "focusin"];
  const script = new URL("mathjax/formulas.js", document.currentScript.src).href;
  const left = new Set(document.querySelectorAll(".math, .text_html"));  // of an output all formulas come at once
  let loading = null, turn = Promise.resolve();

  function load() {
    loading ??= here
      ? MathJax.startup.promise
      : new Promise((done, fail) => {
          const tag = document.createElement("script");
          tag.src = script;
          tag.onload = () => MathJax.startup.promise.then(done);
          tag.onerror = () => {
            document.documentElement.dataset.formulas = "raw";
            fail(new Error(`${script} does not load`));
          };
          document.head.append(tag);
        });
    return loading;
  }

  // Sets the formulas of some elements after those that are being set; the promise is kept when they are.
  function set(some) {
    for (const element of some) {
      left.delete(element);
      watch.unobserve(element);
    }
    if (some.length) turn = turn.then(load).then(() => MathJax.typesetPromise(some)).then(() => some.forEach(fit));
    return turn;
  }

  // An equation that a phone nearly holds is set so much smaller that it does; a longer one scrolls.
  function fit(element) {
    if (!element.matches("div.math")) return;
    element.style.removeProperty("--fit");
    const shown = () => element.clientWidth / element.scrollWidth;
    if (shown() < SMALLEST) return;
    for (let size = 1; shown() < 1 && size > SMALLEST / 2;) {  // not all of it is as wide as its letters
      size *= Math.min(shown(), 0.99);
      element.style.setProperty("--fit", size);
    }
  }
  addEventListener("resize", () => document.querySelectorAll("div.math").forEach(fit));
  addEventListener("toggle", (event) => event.target.querySelectorAll("div.math").forEach(fit), true);

  const watch = new IntersectionObserver((seen) => {
    set(seen.filter((entry) => entry.isIntersecting).map((entry) => entry.target));
  }, { rootMargin: NEAR });
  left.forEach((element) => watch.observe(element));

  // A few in every idle moment, the first of the page first.
  function finish() {
    const some = Array.from(left).filter((element) => element.offsetParent).slice(0, SLICE);
    const idle = window.requestIdleCallback || ((call) => setTimeout(call, 50));
    if (some.length) set(some).then(() => idle(finish));
  }

  const use = new AbortController();
  for (const kind of USES) {
    addEventListener(kind, () => {
      use.abort();
      setTimeout(finish, PAUSE);
    }, { signal: use.signal, passive: true });
  }

  // Sets every formula now.
  window.typesetAll = () => set(Array.from(left));
  addEventListener("beforeprint", typesetAll);
  matchMedia("print").addEventListener("change", typesetAll);
})();
