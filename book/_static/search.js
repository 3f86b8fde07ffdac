// The page of results: rows of the ledger, cards and sections that say what is looked for, the best first.
// It replaces the search of Sphinx, which leads to pages. `PLACES` comes from edition_search.py.
"use strict";

(function () {
  const SHOWN = 30;
  const WEIGHT = { claim: 4, card: 3, section: 2, erratum: 1, code: 0 };
  const LETTERS = { α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ζ: "zeta", η: "eta", θ: "theta", κ: "kappa",
    λ: "lambda", μ: "mu", ν: "nu", ξ: "xi", π: "pi", ρ: "rho", σ: "sigma", ς: "sigma", τ: "tau", φ: "phi", χ: "chi", ψ: "psi",
    ω: "omega", "∞": "infty" };
  // The commands of TeX that are read as a letter or a word; all others say how something looks.
  const READ = { ell: "l", top: "t", vartheta: "theta", varepsilon: "epsilon", varphi: "phi" };
  for (const name of Object.values(LETTERS)) READ[name] = name;
  for (const name of "log exp inf sup min max lim det sin cos tanh".split(" ")) READ[name] = name;
  const TEX = /\\\((.+?)\\\)|\\\[(.+?)\\\]|\$(.+?)\$/s;
  const ATOM = /\\[dt]?frac(\d)(\d)|\\([A-Za-z]+)|\{([A-Za-z][A-Za-z ]+)\}|([A-Za-z]+)|(\p{Letter}|\d+)/gu;

  const stemmer = new Stemmer();
  const stems = new Map();

  function stem(word) {
    if (!stems.has(word)) stems.set(word, stemmer.stemWord(word.replace(/iz(?=[aei])/, "is")));
    return stems.get(word);
  }

  // Letters without their accents and other shapes: "²" is "2", "ᵀ" a letter of its own.
  const simple = (text) => text.replace(/[ᵀ⊤]/gu, " t ").normalize("NFKD").replace(/\p{Mark}/gu, "");

  function plain(text) {
    const spelt = simple(text).toLowerCase().replace(/[^\x00-\x7f]/gu, (c) => (LETTERS[c] ? ` ${LETTERS[c]} ` : c));
    return (spelt.match(/\p{Letter}+|\p{Number}+/gu) || []).map(stem);
  }

  // "\rho_H^2", "ρ_H²" and "rho_H^2" are all read as "rho h 2"; w_{ERM} is "w erm", a_Ea_H four letters.
  function formula(tex) {
    const read = [];
    for (const [, above, below, command, words, run, other] of simple(tex).matchAll(ATOM)) {
      if (above) read.push(above, below);
      else if (command) read.push(READ[command.toLowerCase()] || "");
      else if (run) read.push(...(READ[run.toLowerCase()] ? [run] : run.match(/[A-Z]{2,}|./g)));
      else read.push(words || other);
    }
    return plain(read.join(" "));
  }

  // The words of a text of a page, in which formulas stand between the delimiters of MathJax.
  function words(text) {
    return text.split(new RegExp(TEX.source, "s")).flatMap((part, place) => (part === undefined ? [] : place % 4 ? formula(part) : plain(part)));
  }

  // The words of what somebody types: what holds an index, a sign or a command is a formula, "excess_risk" is not.
  function asked(text) {
    const symbolic = (part) => /[\\^_{}=+<>≤≥≪≫∞|²ᵀ⊤*∗\p{Script=Greek}]/u.test(part) && !/^[\w.]+_[a-z]{2,}$/.test(part);
    return text.split(/\s+/).flatMap((part) => (symbolic(part) ? formula(part) : plain(part)));
  }

  const line = (found) => ` ${found.join(" ")} `;

  let known = null;

  function read() {
    known ??= PLACES.flatMap(({ page, title, places }) =>
      places.map((place) => {
        const says = place.says.map((text) => line(words(text)));
        const names = place.names.map((name) => line(plain(name)));
        const head = line(words(place.title));
        const all = new Set((head + names.join("") + says.join("")).split(" "));
        return { ...place, page, within: title, head, called: names, lines: says, all };
      }),
    );
    return known;
  }

  // How well a place answers: by its name, by the phrase in its title or its text, or by the share of the words it has.
  function score(place, query, phrase) {
    const share = query.filter((word) => place.all.has(word)).length / query.length;
    let points = 40 * share;
    if (place.called.includes(line(query))) points = 100;
    else if (place.head === line(query)) points = 90;
    else if (place.head.includes(phrase)) points = 70;
    else if (place.lines.some((said) => said.includes(phrase))) points = 60;
    else if (share === 1 && place.lines.some((said) => query.every((word) => said.includes(` ${word} `)))) points = 50;
    const length = place.lines.reduce((sum, said) => sum + said.length, 0);
    return points + WEIGHT[place.kind] - Math.min(length, 9999) / 1e4;
  }

  // The sentence of a place that holds most of the query.
  function excerpt(place, query, phrase) {
    let best = "", most = -1;
    for (const text of place.says) {
      for (const sentence of text.split(/(?<=[.!?]) (?=[A-Z\\$])|\n/)) {
        const said = line(words(sentence));
        const found = said.includes(phrase) ? query.length + 1 : query.filter((word) => said.includes(` ${word} `)).length;
        if (found > most) [best, most] = [sentence, found];
      }
    }
    return best;
  }

  function item(place, query, phrase) {
    const entry = document.createElement("li");
    const link = document.createElement("a");
    link.href = `${DOCUMENTATION_OPTIONS.LINK_ROOT || ""}${place.page}.html#${place.at}`;
    link.textContent = place.title;
    const where = document.createElement("span");
    where.className = "search-place";
    where.textContent = ` ${place.kind} · ${place.within}`;
    const says = document.createElement("p");
    says.className = "context";
    says.textContent = excerpt(place, query, phrase);
    entry.append(link, where, says);
    return entry;
  }

  Search.query = (text) => {
    const query = asked(text);
    // The last word may be unfinished.
    const last = query.at(-1) || "";
    const phrase = /^[a-z]{3,}$/.test(last) ? line(query).trimEnd() : line(query);
    const scored = query.length ? read().map((place) => ({ place, points: score(place, query, phrase) })) : [];
    const top = Math.max(0, ...scored.map(({ points }) => points));
    // A part of the words is better than nothing, not better than all of them.
    const enough = top >= 40 ? 40 : Math.max(20, top - 5);
    const found = scored.filter(({ points }) => points >= enough).sort((a, b) => b.points - a.points);
    Search.stopPulse();
    Search.title.textContent = "Search Results";
    Search.status.textContent = found.length > SHOWN ? `${found.length} places, the first ${SHOWN} here.` : `${found.length} places.`;
    Search.output.append(...found.slice(0, SHOWN).map(({ place }) => item(place, query, phrase)));
    window.MathJax?.startup?.promise?.then(() => MathJax.typesetPromise([Search.output]));
  };
})();
