// The slices of chapter 8's movable figure, at a frame and a row, and the scales beside them.
([frame, row]) => {
  const box = document.querySelector(".landscape-viewer"), svg = box.querySelector("svg");
  for (const [name, value] of Object.entries({ frame, row })) {
    const slider = box.querySelector(`.${name}`);
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const texts = Array.from(svg.querySelectorAll("text")), lines = Array.from(svg.querySelectorAll("line"));
  return {
    ticks: texts.slice(0, lines.length).map((text, k) => [Number(text.textContent), Number(lines[k].getAttribute("y1"))]),
    feet: texts.slice(lines.length).map((text) => [Number(text.textContent), Number(text.getAttribute("x"))]),
    curves: Array.from(svg.querySelectorAll("polyline"), (line) => line.getAttribute("points")),
    says: box.querySelector(".say-frame").textContent,
  };
}
