// Milliseconds from a change of a slider to the new drawing: the least of forty, as others use the machine too.
async (step) => {
  document.querySelector(`#explorer input[value=${step}]`).click();
  const slider = document.querySelector("#explorer input[name=R]"), taken = [];
  for (let k = 0; k < 40; k++) {
    slider.value = 20 + 3 * k;
    const start = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    taken.push(performance.now() - start);
    await new Promise((done) => requestAnimationFrame(done));
  }
  return Math.min(...taken);
}
