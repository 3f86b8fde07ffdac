// What a drawing of the explorer shows: ticks of its axes as values and pixels, its curves, and the point on them.
(name) => {
  const svg = document.querySelector(`#explorer .${name} svg`), point = svg.querySelector(".point");
  const numbers = (text) => text.match(/-?[\d.]+/g).map(Number);
  const ticks = (axis) => Array.from(svg.querySelectorAll(`.axis.${axis} .tick`), (tick) =>
    [Number(tick.querySelector("text").textContent), numbers(tick.getAttribute("transform"))[axis === "x" ? 0 : 1]]);
  return {
    x: ticks("x"),
    y: ticks("y"),
    paths: Object.fromEntries(Array.from(svg.querySelectorAll("path[class]:not(.optima)"), (path) => [path.getAttribute("class"), path.getAttribute("d")])),
    levels: Array.from(svg.querySelectorAll("path.level"), (path) => path.getAttribute("d")),
    widths: Array.from(svg.querySelectorAll("rect.least, rect.excess"), (bar) => Number(bar.getAttribute("width"))),
    point: point && ["cx", "cy"].map((side) => Number(point.getAttribute(side))),
  };
}
