// Which share a phone shows of displayed equations that it does not show whole.
() => Array.from(document.querySelectorAll("div.math"))
  .filter((element) => element.offsetParent && element.scrollWidth > element.clientWidth)
  .map((element) => element.clientWidth / element.scrollWidth)
