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

// Back from commenting: to where the reader was before going down to the form
const form = document.getElementById("comment-form");
if (form) {
  const place = `place:${location.pathname}`;
  let start = null;
  for (const link of $$('a[href="#comments"], a[href="#comment-form"]')) link.addEventListener("click", () => { start = scrollY; });
  form.addEventListener("submit", () => { try { sessionStorage.setItem(place, start ?? scrollY); } catch {} });
  try {
    const at = sessionStorage.getItem(place);
    if (at !== null && document.referrer.startsWith(`${location.origin}/comments/`) && !/^#comment-\d/.test(location.hash)) {
      sessionStorage.removeItem(place);
      history.replaceState(null, "", location.pathname);
      const go = () => scrollTo({ top: at, behavior: "instant" });
      go();
      addEventListener("load", () => requestAnimationFrame(go)); // the browser has gone to #comments by then
    }
  } catch {}
}

// Keys: never while typing or with a modifier, and off for good where the reader wants that
const list = document.querySelector("[data-shortcuts]");
if (list) {
  let on = true, dialog, prefix = -1500;
  try { on = localStorage.getItem("keys") !== "off"; } catch {}
  const bind = (el) => {
    const box = el.querySelector("[data-keys-on]");
    box.checked = on;
    box.addEventListener("change", () => {
      on = box.checked;
      try { localStorage.setItem("keys", on ? "on" : "off"); } catch {}
    });
  };
  const shown = document.getElementById("keys");
  if (shown) bind(shown);
  // The list is a page of its own, which is fetched when somebody asks
  const help = async () => {
    if (shown) return;
    if (!dialog) {
      dialog = document.createElement("dialog");
      const answer = await fetch(list.href).catch(() => null);
      const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
      const keys = page.getElementById("keys");
      if (!keys) { location.assign(list.href); return; }
      for (const sheet of page.querySelectorAll("link[rel=stylesheet]"))
        if (!document.querySelector(`link[href="${sheet.getAttribute("href")}"]`)) await new Promise((done) => { sheet.onload = sheet.onerror = done; document.head.append(sheet); });
      const close = document.createElement("button");
      close.className = "btn";
      close.autofocus = true;
      close.textContent = keys.dataset.close;
      close.addEventListener("click", () => dialog.close());
      dialog.setAttribute("aria-labelledby", "keys-h");
      dialog.append(keys, close);
      bind(keys);
      document.body.append(dialog);
    }
    if (dialog.isConnected && !dialog.open) dialog.showModal();
  };
  list.addEventListener("click", (e) => {
    if (shown || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    help();
  });
  const step = (by) => {
    const links = [...$$("main :is(.card, .list, .correction, .versions) :is(h2, h3) > a, main :is(.wire, .also) a")];
    const at = links.indexOf(document.activeElement);
    const seen = links.findIndex((link) => link.getBoundingClientRect().bottom > 0);
    links[at < 0 ? seen - (by < 0) : at + by]?.focus();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    "/": () => { const field = document.getElementById("id_q"); field ? field.focus() : location.assign(document.querySelector(".tools a").href); },
    c: () => { if (document.getElementById("comments")) location.hash = "comments"; },
    t: () => document.querySelector("[data-theme-toggle]").click(),
    "?": help,
    "؟": help,
  };
  addEventListener("keydown", (e) => {
    if (!on || e.defaultPrevented || e.isComposing || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
    // A keyboard of another script has the letters of a Latin one in the same places
    const key = acts[e.key] || /^[ -~]/.test(e.key) ? e.key : e.code.slice(-1).toLowerCase();
    const goes = key === "f" && e.timeStamp - prefix < 1500;
    prefix = key === "g" ? e.timeStamp : -1500;
    const act = goes ? () => location.assign(document.querySelector(".nameplate").href) : Object.hasOwn(acts, key) && acts[key];
    if (!act) return;
    e.preventDefault();
    act();
  });
}
