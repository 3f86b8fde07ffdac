// Formulas in a line that scroll in a box of their own, or reach past the end of the block that they stand in; and
// displayed ones that show another part than their beginning.
() => {
  const found = [];
  for (const formula of document.querySelectorAll("span.math")) {
    const say = (fault) => found.push(`${fault}: ${formula.textContent.trim().slice(0, 60)}`);
    if (getComputedStyle(formula).overflowX !== "visible" && formula.scrollWidth > formula.clientWidth) say("scrolls");
    let block = formula.parentElement;
    while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    const ends = Array.from(formula.querySelectorAll("mjx-container, mjx-container *"))
      .filter((part) => !part.closest("mjx-assistive-mml"))
      .map((part) => part.getBoundingClientRect().right);
    const past = Math.round(Math.max(0, ...ends) - block.getBoundingClientRect().right);
    if (past > 1) say(`${past} px too wide`);
  }
  for (const box of document.querySelectorAll("div.math")) {
    const starts = Array.from(box.querySelectorAll("mjx-container"), (part) => part.getBoundingClientRect().left);
    const before = Math.round(box.getBoundingClientRect().left - Math.min(...starts));
    if (before > 1) found.push(`${before} px before its box: ${box.textContent.trim().slice(0, 60)}`);
  }
  return found;
}
