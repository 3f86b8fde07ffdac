// The explorer: the chapter's formulas (window.explorer, written by its cells) for any setting, drawn by D3.
(() => {
  const explorer = window.explorer, box = document.getElementById("explorer");
  const { colours, clouds, presets } = explorer;
  const NAMES = ["rho_hard", "rho_easy", "R", "r_hard", "r_easy", "dim", "m", "n2", "alpha", "p_hard", "noise_std"];

  // The model.

  const whole = (n) => n >= 1 && (Number.isInteger(n) || n === Infinity);
  const CONDITIONS = {
    rho_hard: ["greater than 0 and at most rho_easy", (v, s) => v > 0 && v <= s.rho_easy],
    rho_easy: ["finite and greater than 0", (v) => v > 0 && v < Infinity],
    R: ["finite and not negative", (v) => v >= 0 && v < Infinity],
    r_hard: ["finite and not negative", (v) => v >= 0 && v < Infinity],
    r_easy: ["finite and not negative", (v) => v >= 0 && v < Infinity],
    dim: ["a whole number, at least 1", (v) => whole(v) && v < Infinity],
    m: ["a whole number, at least 1, or Infinity", whole],
    n2: ["a whole number, at least 1, or Infinity", whole],
    alpha: ["finite and not negative, or null", (v) => v === null || (v >= 0 && v < Infinity)],
    p_hard: ["strictly between 0 and 1", (v) => v > 0 && v < 1],
    noise_std: ["finite and not negative", (v) => v >= 0 && v < Infinity],
  };

  const checked = (given) => {
    const s = { p_hard: 0.5, noise_std: 0, ...given };
    s.n2 ??= s.m;
    s.alpha ??= null;
    for (const name of NAMES) {
      const [wanted, holds] = CONDITIONS[name];
      if ((typeof s[name] !== "number" && s[name] !== null) || !holds(s[name], s)) {
        throw new RangeError(`${name} must be ${wanted}; got ${s[name]}`);
      }
    }
    return s;
  };

  // MAML's best step. Its loss can have two valleys, near 1/ρ_E and 1/ρ_H: the grid has points at both and between them,
  // and every dip of it is followed down.
  const bestStep = (s, turns) => {
    const at = { ...s }, loss = (x) => ((at.alpha = Math.exp(x)), explorer.loss_maml(at).loss);
    const [easy, hard] = [-Math.log(s.rho_easy), -Math.log(s.rho_hard)], grid = [];
    const short = s.noise_std ? 7 : 0.6 + Math.log(1 + (s.dim + 1) / Math.min(s.m, s.n2)); // only noise makes steps shorter
    for (let x = easy - short; x < easy - 0.1; x += 0.25) grid.push(x);
    const count = Math.max(8, Math.ceil((hard - easy) / 0.2));
    for (let k = 0; k <= count; k++) grid.push(easy + (hard - easy) * k / count);
    grid.push(hard + 0.1, hard + 0.3);
    const values = grid.map(loss);
    const golden = (Math.sqrt(5) - 1) / 2, found = [];
    values.forEach((value, k) => {
      if (value > (values[k - 1] ?? Infinity) || value > (values[k + 1] ?? Infinity)) return;
      let a = grid[Math.max(k - 1, 0)], b = grid[Math.min(k + 1, grid.length - 1)];
      let c = b - golden * (b - a), d = a + golden * (b - a), fc = loss(c), fd = loss(d);
      for (let n = 0; n < turns; n++) {
        if (fc < fd) [b, d, fd, c] = [d, c, fc, d - golden * (d - a)], fc = loss(c);
        else [a, c, fc, d] = [c, d, fd, c + golden * (b - c)], fd = loss(d);
      }
      found.push(fc < fd ? [fc, c] : [fd, d]);
    });
    return Math.exp(found.reduce((one, other) => (other[0] < one[0] ? other : one))[1]);
  };

  // Risks of a checked setting; without alpha each learner takes the step at which its own test loss is least.
  const compute = (s, turns = 40) => {
    const fair = s.alpha === null;
    const maml = explorer.formulas(fair ? { ...s, alpha: bestStep(s, turns) } : s);
    if (Number.isNaN(maml.weight_maml)) { // equal hardness, and a step on endless samples that solves every task: any start will do
      [maml.weight_maml, maml.risk_maml, maml.excess_maml] = [maml.weight_erm, maml.risk_erm, maml.excess_erm];
    }
    const own = Number.isFinite(maml.step_erm) ? maml.step_erm : maml.alpha; // all optima at the start: any step will do
    const erm = fair ? explorer.formulas({ ...s, alpha: own }) : maml;
    const { risk_erm, excess_erm, weight_erm } = erm, { risk_maml, excess_maml, weight_maml } = maml;
    return {
      risk_erm, risk_maml, excess_erm, excess_maml, weight_erm, weight_maml,
      gain: risk_erm === risk_maml ? 1 : risk_erm / risk_maml,
      alpha_erm: erm.alpha, alpha_maml: maml.alpha, floor_erm: erm.floor, floor_maml: maml.floor,
    };
  };
  explorer.model = (setting) => compute(checked(setting));

  // The state, and the address. A step "natural" is 1/ρ_E, "own" is alpha, "best" is each learner's; n2 null is m.

  const stateOf = (setting) => ({
    ...setting,
    n2: setting.n2 === setting.m ? null : setting.n2,
    step: setting.alpha === null ? "best" : Math.abs(setting.alpha * setting.rho_easy - 1) < 1e-9 ? "natural" : "own",
    alpha: setting.alpha ?? 1 / setting.rho_easy,
  });
  const settingOf = (state) => ({
    ...Object.fromEntries(NAMES.map((name) => [name, state[name]])),
    n2: state.n2 ?? state.m,
    alpha: { natural: 1 / state.rho_easy, own: state.alpha, best: null }[state.step],
  });
  const address = (state) => "#" + NAMES.map((name) => {
    const value = name === "alpha" && state.step !== "own" ? state.step : name === "n2" ? state.n2 ?? "m" : state[name];
    return `${name}=${value}`;
  }).join("&");
  const readAddress = () => {
    const given = new URLSearchParams(location.hash.slice(1)), state = stateOf(Object.values(presets)[0]);
    for (const name of NAMES) {
      const text = given.get(name);
      if (text === null) continue;
      if (name === "n2" && text === "m") state.n2 = null;
      else if (name === "alpha" && ["natural", "best"].includes(text)) state.step = text;
      else {
        state[name] = text === "" ? NaN : Number(text);
        if (name === "alpha") state.step = "own";
      }
    }
    try {
      checked(settingOf(state));
      return state;
    } catch {
      return stateOf(Object.values(presets)[0]);
    }
  };

  // The controls.

  const range = (low, high, { log = true, zero = false, whole = false, count = 160 } = {}) => {
    const at = (k) => (log ? low * (high / low) ** (k / count) : low + (high - low) * k / count);
    const all = Array.from({ length: count + 1 }, (_, k) => (whole ? Math.round(at(k)) : Number(at(k).toPrecision(3))));
    return [...new Set(zero ? [0, ...all] : all)];
  };
  const SLIDERS = [
    ["tasks", "rho_hard", "<i>ρ</i><sub>H</sub>", "variance of the inputs, hard tasks", range(0.01, 2)],
    ["tasks", "rho_easy", "<i>ρ</i><sub>E</sub>", "variance of the inputs, easy tasks", range(0.01, 2)],
    ["tasks", "R", "<i>R</i>", "distance of the centres in a coordinate", range(0.1, 30, { zero: true })],
    ["tasks", "r_hard", "<i>r</i><sub>H</sub>", "spread of the hard optima", range(0.01, 100, { zero: true })],
    ["tasks", "r_easy", "<i>r</i><sub>E</sub>", "spread of the easy optima", range(0.01, 100, { zero: true })],
    ["tasks", "p_hard", "<i>p</i>", "share of hard tasks", range(0.02, 0.98, { log: false, count: 48 })],
    ["data", "dim", "<i>d</i>", "dimensions", range(1, 100, { whole: true })],
    ["data", "m", "<i>m</i>", "samples of the step at the test", range(2, 10000, { whole: true })],
    ["data", "n2", "<i>n</i><sub>2</sub>", "samples of the step in training", [...range(2, 10000, { whole: true }), Infinity]],
    ["data", "noise_std", "<i>σ</i>", "standard deviation of the label noise", range(0, 5, { log: false, count: 100 })],
    ["step", "alpha", "<i>α</i>", "step", range(0.05, 50)],
  ];
  const GROUPS = { tasks: "Tasks", data: "Data", step: "Step" };
  const STEPS = { natural: "both take 1/<i>ρ</i><sub>E</sub>", own: "both take this <i>α</i>", best: "each at its best step" };
  const PANELS = {
    clouds: "Tasks and starts",
    bars: "Risk after the step",
    curve: "Gain over hardness ratio",
    map: "Where MAML pays",
  };
  const QUANTITIES = {
    alpha: "step <i>α</i>",
    weight: "weight on the hard centre",
    risk: "risk above the floor",
    excess: "excess risk",
    floor: "floor, by label noise",
  };
  const slider = ([, name, symbol, words, values]) => `<label title="${words}"><span>${symbol}</span>
    <input type="range" name="${name}" min="0" max="${values.length - 1}" step="1" aria-label="${words}"><output></output></label>`;
  box.innerHTML = `
    <div class="stage"><div class="view"><div class="headline"><p class="first"></p><p class="second"></p></div>
      <div class="panels" role="group" aria-label="drawings">${Object.entries(PANELS).map(([name, title]) => `<figure class="${name}"><figcaption>${title}</figcaption>
      <svg viewBox="0 0 340 236" role="img"></svg></figure>`).join("")}</div></div>
    <form class="controls" autocomplete="off">
      <label class="preset">Setting <select name="preset"><option value="">your own</option>
        ${Object.keys(presets).map((name) => `<option>${name}</option>`).join("")}</select></label>
      ${Object.entries(GROUPS).map(([group, title]) => `<fieldset><legend>${title}</legend>
        ${group === "step" ? Object.entries(STEPS).map(([step, words]) => `<label class="choice"><input type="radio" name="step" value="${step}"> <span>${words}</span></label>`).join("") : ""}
        ${SLIDERS.filter((one) => one[0] === group).map(slider).join("")}
        ${group === "data" ? '<label class="choice"><input type="checkbox" name="tied"> <span>rehearse the step, <i>n</i><sub>2</sub> = <i>m</i></span></label>' : ""}
      </fieldset>`).join("")}</form></div>
    <table class="numbers"><thead><tr><th scope="col">in numbers</th><th scope="col" class="erm">ERM</th><th scope="col" class="maml">MAML</th></tr></thead>
      <tbody>${Object.entries(QUANTITIES).map(([name, words]) => `<tr><th scope="row">${words}</th><td data-of="${name}_erm"></td><td data-of="${name}_maml"></td></tr>`).join("")}</tbody></table>
    <p class="setting"></p>
    <p class="visually-hidden" role="status" aria-live="polite"></p>`;
  for (const [name, colour] of Object.entries(colours)) if (typeof colour === "string") box.style.setProperty(`--${name.toLowerCase()}`, colour);
  const form = box.querySelector("form"), find = (selector) => box.querySelector(selector);

  const nearest = (values, value) => (values.includes(value) ? values.indexOf(value) : d3.scan(values, (a, b) => Math.abs(a - value) - Math.abs(b - value)));
  const say = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(value !== 0 && Math.abs(value) < 1e-3 ? 2 : 3))) : "∞");
  const times = (value) => (value < 9.95 ? value.toFixed(1) : say(Number(value.toPrecision(2))));

  // The panels.

  const W = 340, H = 236, FRAME = { left: 42, right: 330, top: 12, bottom: 194 };
  const clear = (name) => {
    const svg = d3.select(box).select(`.${name} svg`);
    svg.selectAll("*").remove();
    return svg;
  };
  const axes = (svg, x, y, across, up, { values = null, left = FRAME.left } = {}) => {
    svg.append("text").attr("class", "name").attr("x", FRAME.right).attr("y", 228).attr("text-anchor", "end").html(across);
    svg.append("text").attr("class", "name").attr("x", FRAME.left - 34).attr("y", -2).html(up);
    // D3 shifts ticks by half a pixel; here they stand where the curves have them.
    svg.append("g").attr("class", "axis x").attr("transform", `translate(0,${FRAME.bottom})`)
      .call(d3.axisBottom(x).ticks(5, "~g").tickSizeOuter(0).tickValues(values)).selectAll(".tick").attr("transform", (v) => `translate(${x(v)},0)`);
    if (!y) return;
    svg.append("g").attr("class", "axis y").attr("transform", `translate(${left},0)`)
      .call(d3.axisLeft(y).ticks(5, "~g").tickSizeOuter(0)).selectAll(".tick").attr("transform", (v) => `translate(0,${y(v)})`);
  };
  const subscript = (letter, index) => `<tspan class="symbol">${letter}</tspan><tspan dy="3" font-size="0.75em">${index}</tspan><tspan dy="-3">&#8203;</tspan>`;
  const SHAPES = { hard: "m0,-4l4,7h-8z", easy: "m0,-4l4,4l-4,4l-4,-4z" };
  const LADDER = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];
  const rung = (value) => LADDER.find((one) => one >= value) ?? value;

  const drawClouds = (s, found) => {
    const svg = clear("clouds"), [hard, easy] = [Math.sqrt(s.r_hard), Math.sqrt(s.r_easy)];
    const low = -rung(Math.max(2.4 * easy, 2.4 * hard - s.R, 0.3 * s.R)), high = rung(Math.max(s.R + 2.4 * hard, 2.4 * easy));
    const x = d3.scaleLinear().domain([low, high]).range([FRAME.left + 36, FRAME.left + 36 + FRAME.bottom - FRAME.top]);
    const y = d3.scaleLinear().domain([low, high]).range([FRAME.bottom, FRAME.top]);
    axes(svg, x, y, "first coordinate", "", { left: FRAME.left + 36 });
    const inside = svg.append("svg").attr("x", FRAME.left + 36).attr("y", FRAME.top).attr("width", FRAME.bottom - FRAME.top).attr("height", FRAME.bottom - FRAME.top)
      .attr("viewBox", `${FRAME.left + 36} ${FRAME.top} ${FRAME.bottom - FRAME.top} ${FRAME.bottom - FRAME.top}`);
    for (const [kind, centre, width] of [["hard", s.R, hard], ["easy", 0, easy]]) {
      const marks = clouds[kind].map(([a, b]) => `M${x(centre + width * a)},${y(centre + width * b)}${SHAPES[kind]}`);
      inside.append("path").attr("class", `optima ${kind}`).attr("d", marks.join(""));
    }
    for (const [name, weight] of [["erm", found.weight_erm], ["maml", found.weight_maml]]) {
      const at = inside.append("g").attr("class", `start ${name}`).attr("transform", `translate(${x(weight * s.R)},${y(weight * s.R)})`);
      at.append(name === "erm" ? "rect" : "circle").attr("x", -8).attr("y", -8).attr("width", 16).attr("height", 16).attr("r", 6);
      at.append("text").attr("x", name === "erm" ? -12 : 11).attr("y", name === "erm" ? 4 : 4).attr("text-anchor", name === "erm" ? "end" : "start").text(name.toUpperCase());
    }
    svg.append("text").attr("class", "label hard").attr("x", FRAME.right).attr("y", FRAME.top + 8).attr("text-anchor", "end").text("▲ hard tasks");
    svg.append("text").attr("class", "label easy").attr("x", FRAME.right).attr("y", FRAME.bottom - 8).attr("text-anchor", "end").text("◆ easy tasks");
    svg.attr("aria-label", `Optima of hard and easy tasks in two coordinates. The hard ones lie about ${say(s.R)}, the easy ones about 0; `
      + `ERM starts at ${say(found.weight_erm * s.R)}, MAML at ${say(found.weight_maml * s.R)}.`);
  };

  const drawBars = (s, found) => {
    const svg = clear("bars"), most = Math.max(found.risk_erm, found.risk_maml, 1e-12);
    const x = d3.scaleLinear().domain([0, most]).range([FRAME.left, FRAME.right - 34]).nice(4);
    axes(svg, x, null, "risk above the floor", "");
    [["erm", 42], ["maml", 112]].forEach(([name, top]) => {
      const risk = found[`risk_${name}`], excess = found[`excess_${name}`], least = risk - excess;
      svg.append("text").attr("class", `label ${name}`).attr("x", FRAME.left).attr("y", top - 8).text(name.toUpperCase());
      svg.append("rect").attr("class", "least").attr("x", x(0)).attr("y", top).attr("width", Math.max(0, x(least) - x(0))).attr("height", 34);
      svg.append("rect").attr("class", `excess ${name}`).attr("x", x(least)).attr("y", top).attr("width", Math.max(0, x(risk) - x(least))).attr("height", 34);
      svg.append("text").attr("class", "value").attr("x", x(risk) + 6).attr("y", top + 22).text(say(risk));
      if (x(risk) - x(least) > 74) svg.append("text").attr("class", "on").attr("x", x(risk) - 6).attr("y", top + 22).attr("text-anchor", "end").text(`excess ${say(excess)}`);
    });
    svg.append("line").attr("class", "rule").attr("x1", x(0)).attr("x2", x(0)).attr("y1", 30).attr("y2", FRAME.bottom);
    svg.append("text").attr("class", "note").attr("x", FRAME.left).attr("y", FRAME.bottom - 14).text("grey: what the best start leaves, at this step");
    svg.attr("aria-label", `Risks above the floor: ERM ${say(found.risk_erm)}, of which ${say(found.excess_erm)} in excess of the best start at its step; `
      + `MAML ${say(found.risk_maml)}, of which ${say(found.excess_maml)}.`);
  };

  const RATIOS = d3.range(0.01, 1.0001, 0.0075);
  const drawCurve = (s, found) => {
    const svg = clear("curve"), along = (change) => RATIOS.map((u) => compute({ ...s, rho_hard: u * s.rho_easy, ...change }, 16).gain);
    const natural = s.alpha === null ? 1 / s.rho_easy : s.alpha;
    const curves = { other: along({ alpha: s.alpha === null ? natural : null }), gain: along({}) };
    const wall = along({ r_hard: 0, r_easy: 0 }), here = s.rho_hard / s.rho_easy;
    const x = d3.scaleLinear().domain([0, 1]).range([FRAME.left, FRAME.right]);
    const top = Math.max(1.6, 1.12 * d3.max(curves.gain), Math.min(1.15 * compute({ ...s, r_hard: 0, r_easy: 0 }, 16).gain, 2 * found.gain));
    const y = d3.scaleLinear().domain([0, top]).range([FRAME.bottom, FRAME.top]).nice(5);
    svg.append("clipPath").attr("id", "explorer-curve").append("rect").attr("x", FRAME.left).attr("y", FRAME.top).attr("width", FRAME.right - FRAME.left).attr("height", FRAME.bottom - FRAME.top);
    const inside = svg.append("g").attr("clip-path", "url(#explorer-curve)");
    const line = d3.line().x((_, k) => x(RATIOS[k])).y((v) => y(v));
    inside.append("path").attr("class", "wall").attr("d", d3.area().x((_, k) => x(RATIOS[k])).y0((v) => y(v)).y1(FRAME.top - 200)(wall.map((v) => Math.max(v, 1))));
    inside.append("line").attr("class", "rule").attr("x1", x(0)).attr("x2", x(1)).attr("y1", y(1)).attr("y2", y(1));
    inside.append("line").attr("class", "here").attr("x1", x(here)).attr("x2", x(here)).attr("y1", y(found.gain)).attr("y2", FRAME.bottom);
    for (const [name, values] of Object.entries(curves)) inside.append("path").attr("class", name).attr("d", line(values));
    svg.append("circle").attr("class", "point").attr("cx", x(here)).attr("cy", y(found.gain)).attr("r", 5.5);
    svg.append("text").attr("class", "value").attr("x", Math.min(x(here) + 9, FRAME.right - 28)).attr("y", y(found.gain) + 18).text(times(found.gain));
    if (y(d3.max(wall)) > FRAME.top - 1e4) svg.append("text").attr("class", "note").attr("x", FRAME.right - 4).attr("y", FRAME.top + 12).attr("text-anchor", "end").text("grey: beyond the wall of samples");
    svg.append("text").attr("class", "note").attr("x", FRAME.right - 4).attr("y", FRAME.top + 27).attr("text-anchor", "end").html(s.alpha === null ? `dotted: both at 1/${subscript("ρ", "E")}` : "dotted: each at its best step");
    axes(svg, x, y, `hardness ratio <tspan class="symbol">u</tspan> = ${subscript("ρ", "H")}/${subscript("ρ", "E")}`, "gain");
    const peak = d3.scan(curves.gain, (a, b) => b - a);
    svg.attr("aria-label", `The gain over the hardness ratio: ${times(found.gain)} at ${say(here)}; the curve is highest, ${times(curves.gain[peak])}, at ${say(RATIOS[peak])}.`);
  };

  const NX = 45, NY = 33, LEVELS = [1.1, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];
  const far = d3.scaleLog().domain([0.1, 1000]).range([FRAME.left, FRAME.right]), ratio = d3.scaleLinear().domain([0, 1]).range([FRAME.bottom, FRAME.top]);
  const unit = (s) => s.r_hard || s.r_easy || 1;
  const grey = d3.piecewise(d3.interpolateRgb, colours.greys);
  const drawMap = (s, found) => {
    const svg = clear("map"), values = [];
    const X = (i) => FRAME.left + (FRAME.right - FRAME.left) * i / (NX - 1), Y = (j) => ratio(0.005) + (ratio(1) - ratio(0.005)) * j / (NY - 1);
    for (let j = 0; j < NY; j++) for (let i = 0; i < NX; i++) {
      values.push(compute({ ...s, R: Math.sqrt(far.invert(X(i)) * unit(s)), rho_hard: ratio.invert(Y(j)) * s.rho_easy }, 10).gain);
    }
    svg.append("clipPath").attr("id", "explorer-map").append("rect").attr("x", FRAME.left).attr("y", FRAME.top).attr("width", FRAME.right - FRAME.left).attr("height", FRAME.bottom - FRAME.top);
    const inside = svg.append("g").attr("clip-path", "url(#explorer-map)");
    inside.append("rect").attr("class", "loses").attr("x", FRAME.left).attr("y", FRAME.top).attr("width", FRAME.right - FRAME.left).attr("height", FRAME.bottom - FRAME.top);
    const project = d3.geoPath(d3.geoTransform({ point(i, j) { this.stream.point(X(i - 0.5), Y(j - 0.5)); } }));
    const shapes = d3.contours().size([NX, NY]).thresholds([0.999, ...LEVELS])(values), labels = [];
    shapes.forEach((shape) => {
      if (!shape.coordinates.length) return;
      inside.append("path").attr("class", "level").attr("d", project(shape)).attr("fill", shape.value < 1 ? "#fff" : grey(0.12 * (1 + LEVELS.indexOf(shape.value))));
      const ring = shape.coordinates.map((one) => one[0]).flat().map(([i, j]) => [X(i - 0.5), Y(j - 0.5)]).filter(([a]) => a > FRAME.left + 12 && a < FRAME.right - 12);
      const tip = ring[d3.scan(ring, (a, b) => a[0] - b[0])];
      if (shape.value > 1 && tip && labels.every(([a]) => Math.abs(a - tip[0]) > 16)) labels.push([...tip, shape.value]);
    });
    labels.forEach(([a, b, value]) => inside.append("text").attr("class", "contour").attr("x", a).attr("y", b + 4).text(value));
    if (d3.min(values) < 0.98) svg.append("text").attr("class", "note").attr("x", FRAME.left + 6).attr("y", FRAME.bottom - 8).text("tinted: MAML loses");
    axes(svg, far, ratio, `distance ${s.r_hard ? `<tspan class="symbol">R</tspan>²/${subscript("r", "H")}` : s.r_easy ? `<tspan class="symbol">R</tspan>²/${subscript("r", "E")}` : '<tspan class="symbol">R</tspan>²'}`,
      `<tspan class="symbol">u</tspan>`, { values: [0.1, 1, 10, 100, 1000] });
    const u = s.rho_hard / s.rho_easy, place = Math.min(Math.max(s.R ** 2 / unit(s), 0.1), 1000);
    const at = svg.append("g").attr("class", "handle").attr("transform", `translate(${far(place)},${ratio(u)})`);
    at.append("circle").attr("class", "grip").attr("r", 22);
    at.append("circle").attr("class", "point").attr("r", 5.5);
    svg.attr("aria-label", `A map of the gain over squared distance in units of the spread and hardness ratio, from ${times(d3.min(values))} to ${times(d3.max(values))}. `
      + `The present setting is at ${say(s.R ** 2 / unit(s))} and ${say(u)}, where it is ${times(found.gain)}.`);
  };

  // What it says.

  const sentences = (s, found) => {
    const wall = compute({ ...s, r_hard: 0, r_easy: 0 }).gain, { gain } = found;
    const steps = s.alpha === null ? "Each at its best step, " : "", lean = found.weight_maml - found.weight_erm;
    const first = Math.abs(gain - 1) < 0.005 ? `${steps}MAML gains nothing over ERM here.`
      : gain > 1 ? `${steps}MAML’s risk is <strong>${gain < 1.1 ? say(gain) : times(gain)} times</strong> smaller than ERM’s.`
        : `${steps}MAML’s risk is <strong>${1 / gain < 1.1 ? say(1 / gain) : times(1 / gain)} times</strong> larger than ERM’s.`;
    const leaning = s.R === 0 || Math.abs(lean) < 5e-4 ? "Both learners start at the same point." : lean > 0 ? "It leans to the hard tasks." : "It leans to the easy tasks, more than ERM does.";
    const limit = gain < 0.995 ? (s.n2 === s.m ? "Counted with the floor, its loss is the smaller one." : "It rehearsed another step than it takes.")
      : wall < 1.005 ? "No geography would help."
        : `The wall of samples is at ${times(wall)}: ${gain - 1 > 0.6 * (wall - 1) ? "more distance would add little, more samples would." : "it is geography that keeps the gain lower."}`;
    return [first, `${leaning} ${limit}`];
  };

  let state = readAddress(), telling, writing;
  const write = () => {
    clearTimeout(writing);
    if (location.hash !== address(state)) history.replaceState(null, "", address(state));
  };
  const draw = () => {
    const s = checked(settingOf(state)), found = compute(s);
    for (const [, name, , , values] of SLIDERS) {
      const value = name === "alpha" ? found.alpha_maml : s[name], input = form.elements[name];
      input.value = nearest(values, value);
      input.setAttribute("aria-valuetext", Number.isFinite(value) ? say(value) : "infinite");
      input.nextElementSibling.value = say(value);
    }
    form.elements.tied.checked = state.n2 === null;
    form.elements.step.value = state.step;
    form.elements.preset.value = Object.keys(presets).find((name) => address(stateOf(presets[name])) === address(state)) ?? "";
    drawClouds(s, found);
    drawBars(s, found);
    drawCurve(s, found);
    drawMap(s, found);
    const [first, second] = sentences(s, found);
    find(".first").innerHTML = first;
    find(".second").textContent = second;
    for (const cell of box.querySelectorAll(".numbers td")) cell.textContent = say(found[cell.dataset.of]);
    find(".setting").innerHTML = SLIDERS.map(([, name, symbol]) => (name === "alpha" ? "" : `${symbol} = ${say(s[name])}`)).filter(Boolean).join(", ");
    clearTimeout(telling);
    telling = setTimeout(() => {
      find("[role=status]").textContent = `${find(".first").textContent} ${second} ` + Array.from(box.querySelectorAll("svg[role=img]"), (svg) => svg.getAttribute("aria-label")).join(" ");
    }, 400);
    clearTimeout(writing);
    writing = setTimeout(write, 200);
  };

  // What a reader does.

  const change = (name, value) => {
    state = { ...state, [name]: value };
    if (name === "alpha") state.step = "own";
    if (name === "rho_hard") state.rho_easy = Math.max(state.rho_easy, value);
    if (name === "rho_easy") state.rho_hard = Math.min(state.rho_hard, value);
    draw();
  };
  explorer.set = (setting) => { state = stateOf(checked(setting)); draw(); write(); };
  explorer.setting = () => settingOf(state);
  form.addEventListener("input", ({ target }) => {
    const known = SLIDERS.find(([, name]) => name === target.name);
    if (known) change(target.name, known[4][target.value]);
    else if (target.name === "tied") change("n2", target.checked ? null : state.m);
    else if (target.name === "step") change("step", target.value);
    else if (target.name === "preset" && target.value) explorer.set(presets[target.value]);
  });
  form.addEventListener("change", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => { if (location.hash.includes("=") && location.hash !== address(state)) { state = readAddress(); draw(); } });

  const map = find(".map svg");
  const point = (event) => {
    const at = map.getBoundingClientRect(), X = far.invert((event.clientX - at.left) * W / at.width), u = ratio.invert((event.clientY - at.top) * H / at.height);
    const clamp = (value, low, high) => Number(Math.min(Math.max(value, low), high).toPrecision(3));
    state = { ...state, R: clamp(Math.sqrt(clamp(X, 0.1, 1000) * unit(state)), 0, 1e3), rho_hard: Math.min(clamp(u, 0.01, 1) * state.rho_easy, state.rho_easy) };
    draw();
  };
  map.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" && !event.target.closest(".handle")) return;
    map.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  map.addEventListener("pointermove", (event) => { if (map.hasPointerCapture(event.pointerId)) point(event); });
  map.addEventListener("click", (event) => { point(event); write(); });

  // Where the drawings stand side by side, to be swiped, the keyboard can move them too.
  const panels = find(".panels");
  new ResizeObserver(() => { panels.tabIndex = panels.scrollWidth > panels.clientWidth + 1 ? 0 : -1; }).observe(panels);

  document.documentElement.classList.add("explorer-moves");
  draw();
})();
