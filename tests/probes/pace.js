// Move a slider to a share of its length, and wait until the change is drawn.
async ([name, share]) => {
  const slider = document.querySelector(`#explorer input[name=${name}]`);
  slider.value = Math.round(Number(slider.min) + share * (slider.max - slider.min));
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}
