// Progressive enhancement only: every page works fully without this file.
const $$ = (sel, el = document) => el.querySelectorAll(sel);
const root = document.documentElement;

// Theme: auto -> light -> dark
for (const btn of $$("[data-theme-toggle]")) {
  const modes = ["auto", "light", "dark"];
  const show = () => { btn.querySelector("span").textContent = btn.dataset[root.dataset.theme || "auto"]; };
  show();
  btn.addEventListener("click", () => {
    const next = modes[(modes.indexOf(root.dataset.theme || "auto") + 1) % 3];
    root.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch {}
    show();
  });
}

// Share: the system sheet where there is one, otherwise the menu; Esc and outside clicks close it
for (const menu of $$("details.sharemenu")) {
  const summary = menu.querySelector("summary");
  summary.addEventListener("click", (e) => {
    if (!navigator.share || !matchMedia("(pointer: coarse)").matches) return;
    e.preventDefault();
    navigator.share({ title: menu.dataset.title, url: menu.dataset.url }).catch(() => {});
  });
  addEventListener("keydown", (e) => { if (e.key === "Escape" && menu.open) { menu.open = false; summary.focus(); } });
  addEventListener("click", (e) => { if (!menu.contains(e.target)) menu.open = false; });
}

// Copy link
for (const btn of $$("[data-copy]")) {
  if (!navigator.clipboard) continue;
  btn.closest("li").hidden = false;
  const label = btn.textContent;
  btn.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(btn.dataset.copy); } catch { return; }
    btn.textContent = btn.dataset.done;
    setTimeout(() => { btn.textContent = label; }, 2500);
  });
}

// Comment counter, by the server's own rule (comments/text.py): code points after NFC, each run of
// white space as one, none at the ends. The browser refuses what the server would refuse.
const length = (value) => [...value.normalize("NFC").replace(/\p{White_Space}+/gu, " ").replace(/^ | $/g, "")].length;
for (const box of $$("[data-counter]")) {
  const field = document.getElementById(box.dataset.counter);
  const min = Number(box.dataset.min), max = Number(box.dataset.max);
  const [msg, count, bar, live] = ["[data-msg]", "[data-count]", "progress", "[role=status]"].map((s) => box.querySelector(s));
  const say = (words, n) => words.replace("%", n);
  let said = "", timer;
  const update = (quiet) => {
    const n = length(field.value), left = max - n;
    const state = left < 0 ? "over" : left <= 200 ? "near" : n >= min ? "ok" : "short";
    box.dataset.state = state;
    msg.textContent = say(box.dataset[state], Math.abs(left));
    count.textContent = `${n}/${state === "near" || state === "over" ? max : min}`;
    bar.value = n;
    field.setCustomValidity(n < min ? say(box.dataset.tooShort, min - n) : left < 0 ? say(box.dataset.tooLong, -left) : "");
    if (quiet === true || state === said) return;
    clearTimeout(timer);
    timer = setTimeout(() => { said = state; live.textContent = msg.textContent; }, 900);
  };
  field.addEventListener("input", update);
  addEventListener("pageshow", () => update(true)); // the browser may bring back what was typed
  update(true);
  // Without script the server checks; with it the browser says what is missing and goes there.
  field.form.noValidate = false;
}
