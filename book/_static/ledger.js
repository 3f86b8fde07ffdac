// Filters of the ledger, by chapter, verdict and text. Without this script every row is shown.
"use strict";

(function () {
  const table = document.querySelector("table.ledger");
  if (!table) return;
  const rows = Array.from(table.tBodies[0].rows);

  function value(row, kind) {
    const name = Array.from(row.classList).find((item) => item.startsWith(kind + "-"));
    return name ? name.slice(kind.length + 1) : "";
  }

  // One labelled <select> with the values that occur, in order of the table's rows (chapters) or as met.
  function filter(kind, column, all) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.id = "ledger-" + kind;
    label.htmlFor = select.id;
    label.textContent = kind;
    select.add(new Option(all, ""));
    const seen = new Map();
    for (const row of rows) seen.set(value(row, kind), row.cells[column].textContent.trim());
    for (const [key, text] of Array.from(seen).sort((a, b) => a[0].localeCompare(b[0]))) {
      select.add(new Option(text, key));
    }
    const wanted = new URLSearchParams(location.search).get(kind);
    if (wanted && seen.has(wanted)) select.value = wanted;
    select.addEventListener("change", show);
    label.append(select);
    return { kind, label, select };
  }

  // On a phone a row starts as its claim and its verdict.
  if (matchMedia("(max-width: 600px)").matches) {
    for (const row of rows) {
      const cell = row.cells[row.cells.length - 1];
      const fold = document.createElement("details");
      const name = document.createElement("summary");
      name.textContent = `evidence (${cell.querySelectorAll("li").length})`;
      fold.append(name, ...cell.childNodes);
      cell.append(fold);
    }
  }

  const filters = [filter("chapter", 3, "all chapters"), filter("verdict", 4, "all verdicts")];

  // A search field: every word of it must stand in the row.
  const find = document.createElement("label");
  const field = document.createElement("input");
  field.type = "search";
  field.id = "ledger-find";
  find.htmlFor = field.id;
  find.textContent = "find";
  field.value = new URLSearchParams(location.search).get("find") || "";
  field.addEventListener("input", show);
  find.append(field);
  const texts = rows.map((row) => row.textContent.toLowerCase());

  const count = document.createElement("output");
  count.id = "ledger-count";
  count.htmlFor = [...filters.map((item) => item.select.id), field.id].join(" ");

  function show() {
    let shown = 0;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, index) => {
      row.hidden =
        filters.some(({ kind, select }) => select.value && value(row, kind) !== select.value) ||
        words.some((word) => !texts[index].includes(word));
      if (!row.hidden) shown += 1;
    });
    count.textContent = shown + " of " + rows.length + " claims shown";
    // The choice stands in the address, so that a filtered ledger can be linked to.
    const query = new URLSearchParams();
    for (const { kind, select } of filters) if (select.value) query.set(kind, select.value);
    if (field.value) query.set("find", field.value);
    const search = query.toString();
    history.replaceState(null, "", location.pathname + (search ? "?" + search : "") + location.hash);
  }

  const form = document.createElement("form");
  form.className = "ledger-filters";
  form.append(...filters.map((item) => item.label), find, count);
  const box = table.closest(".pst-scrollable-table-container") || table;
  box.before(form);
  show();

  // A link to a row shows it, whatever the filters hide.
  function arrive() {
    const row = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row || !rows.includes(row)) return;
    row.hidden = false;
    row.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", arrive);
  arrive();
})();
