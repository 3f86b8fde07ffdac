// Text that looks like TeX source, and formulas with an error.
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest("pre, code, script, style, mjx-container")) continue;
    if (/\\[()\[\]]|\$[^$]+\$/.test(node.data)) found.push(node.data.trim().slice(0, 80));
  }
  const errors = Array.from(document.querySelectorAll("mjx-merror"), (e) => "TeX error: " + e.textContent.slice(0, 80));
  return found.concat(errors);
}
