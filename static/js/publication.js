// The desk of the publication: a preview that follows what is typed, and the contrast of colours.
// Without this file the button gives the preview, and the server tells of a poor contrast.
const button = document.querySelector("[data-preview]");
const form = button?.form;

if (form) {
  let timer;
  const show = () => {
    // A new frame each time: one that is used again would leave a step in the browser's history.
    const old = form.querySelector("iframe");
    const next = old.cloneNode();
    const top = old.contentWindow?.scrollY || 0;
    next.addEventListener("load", () => next.contentWindow.scrollTo(0, top));
    old.replaceWith(next);
    form.requestSubmit(button);
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 700); });
  show();
}

// WCAG 2.2: relative luminance and contrast, on the paper mixed with some of the colour itself.
const parts = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16) / 255);
const mix = (one, other, share) => one.map((part, at) => part * share + other[at] * (1 - share));
const light = (colour) => colour
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const contrast = (one, other) => {
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const number = new Intl.NumberFormat(document.documentElement.lang || "en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const tenths = (ratio) => Math.round(ratio * 10) / 10;

const normal = (text) => {
  const digits = text.trim().toLowerCase().replace(/^#/, "");
  if (/^[0-9a-f]{3}$/.test(digits)) return `#${digits.replace(/./g, "$&$&")}`;
  return /^[0-9a-f]{6}$/.test(digits) ? `#${digits}` : "";
};

for (const field of document.querySelectorAll("[data-contrast]")) {
  const { paper, needs, enough, short, picker } = field.dataset;
  const box = document.createElement("div");
  box.className = "colour";
  const pick = Object.assign(document.createElement("input"), { type: "color" });
  pick.setAttribute("aria-label", picker);
  const said = document.createElement("output");
  said.htmlFor = field.id;
  field.before(box);
  box.append(field, pick, said);
  const update = () => {
    const colour = normal(field.value);
    pick.value = colour || paper;
    if (!colour) { said.textContent = ""; return; }
    const found = needs.split(" ").map((each) => {
      const [share, needed] = each.split(":").map(Number);
      return { needed, ratio: tenths(contrast(parts(colour), mix(parts(colour), parts(paper), share / 100))) };
    }).sort((a, b) => a.ratio / a.needed - b.ratio / b.needed)[0];
    const isEnough = found.ratio >= found.needed;
    said.dataset.state = isEnough ? "ok" : "short";
    said.textContent = (isEnough ? enough : short)
      .replace("%(ratio)s", number.format(found.ratio)).replace("%(needed)s", number.format(found.needed));
  };
  field.addEventListener("input", update);
  pick.addEventListener("input", () => { field.value = pick.value; update(); });
  update();
}
