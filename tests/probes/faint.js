// Text whose contrast with the background behind it is below the limit.
(limit) => {
  const known = new Map();
  const colour = (text) => {
    if (!known.has(text)) known.set(text, parse(text));
    return known.get(text);
  };
  const parse = (text) => {
    const canvas = parse.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((k) => top[k] * top[3] + below[k] * (1 - top[3])).concat(1);
  const behind = (e) => {
    const layers = [];
    for (let up = e; up; up = up.parentElement) layers.push(colour(getComputedStyle(up).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, k) => {
    const v = c[k] / 255;
    return sum + weight * (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  }, 0);
  const seen = new Map();
  for (const e of document.querySelectorAll(".bd-article *")) {
    if (e.closest("pre, mjx-container, a.headerlink, [hidden], .visually-hidden")) continue;
    if (!Array.from(e.childNodes).some((node) => node.nodeType === 3 && node.data.trim())) continue;
    if (!e.checkVisibility({ opacityProperty: true })) continue;
    const below = behind(e), ink = over(colour(getComputedStyle(e).color), below);
    const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const name = `${e.tagName.toLowerCase()}.${e.className}`;
    const what = `${name} ${ratio.toFixed(2)}: ${e.textContent.trim().slice(0, 50)}`;
    if (ratio < limit && !seen.has(name)) seen.set(name, what);
  }
  return Array.from(seen.values());
}
