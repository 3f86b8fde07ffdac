// Elements that reach past the right edge, and whose end no box scrolls to.
() => {
  const aside = "mjx-assistive-mml, dialog, .bd-sidebar-primary, .bd-sidebar-secondary, .pst-skip-link, [hidden]";
  const scrolls = (e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  const found = [];
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest(aside)) continue;
    const box = e.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || box.right <= innerWidth + 1) continue;
    let inside = scrolls(e) && box.left + e.clientWidth <= innerWidth + 1;
    for (let up = e.parentElement; up && up !== document.body && !inside; up = up.parentElement) {
      inside = scrolls(up) && up.getBoundingClientRect().right <= innerWidth + 1;
    }
    const name = `${e.tagName.toLowerCase()}.${e.getAttribute("class")}`;
    if (!inside) found.push(`${name} ends at ${Math.round(box.right)}: ${e.textContent.trim().slice(0, 50)}`);
  }
  return found;
}
