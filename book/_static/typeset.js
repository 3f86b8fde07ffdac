// Formulas: MathJax sets those that come near the window (its ui/lazy). All others follow when the browser has nothing to do,
// for who reads the page without scrolling; printing sets them at once. A page may come without MathJax: it is loaded when
// its first formula comes near.
"use strict";

(function () {
  const NEAR = "200px", PAUSE = 5000, SLICE = 6;
  const script = new URL("mathjax/formulas.js", document.currentScript.src).href;
  let loading = null;

  function load() {
    loading ??= MathJax.startup
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

  // A few formulas in every idle moment, the first of the page first.
  function finish() {
    const left = Array.from(document.querySelectorAll("mjx-lazy"));
    const idle = window.requestIdleCallback || ((call) => setTimeout(call, 50));
    (function next() {
      const some = left.splice(0, SLICE).filter((mark) => mark.isConnected);
      if (some.length) MathJax.startup.document.lazyObserve(some.map((target) => ({ target, isIntersecting: true })));
      if (left.length) idle(next);
    })();
  }

  // Sets every formula now; the promise is kept when they are set.
  window.typesetAll = () => load().then(() => MathJax.startup.document.lazyTypesetAll());

  function begin() {
    load().then(() => setTimeout(finish, PAUSE));
  }

  if (MathJax.startup) {
    begin();
  } else {
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      begin();
    }, { rootMargin: NEAR });
    document.querySelectorAll(".math").forEach((formula) => watch.observe(formula));
    addEventListener("beforeprint", window.typesetAll);
  }
})();
