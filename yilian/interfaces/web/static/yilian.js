/* What the pages do by themselves: clocks, notices, pickers, one press = one act. No framework. */
(() => {
  "use strict";
  const body = document.body;
  const words = JSON.parse(body.dataset.words || "{}");
  const skew = body.dataset.now ? Date.parse(body.dataset.now) - Date.now() : 0;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* ---- notices ---- */
  const TOASTS = 4;
  const toasts = document.getElementById("toasts");

  function toast(said, kind = "", href = null, details = []) {
    const box = document.createElement("div");
    box.className = `toast ${kind}`;
    if (kind === "error" || kind === "stat") box.setAttribute("role", "alert"); /* said at once */
    const text = document.createElement("div");
    const line = document.createElement("p");
    line.textContent = said;
    text.append(line);
    if (details.length) {
      const list = document.createElement("ul");
      for (const detail of details) list.append(Object.assign(document.createElement("li"), { textContent: detail }));
      text.append(list);
    }
    if (href && href.startsWith("/") && !href.startsWith("//")) text.append(Object.assign(document.createElement("a"), { href, textContent: words.show }));
    box.append(text, closer(box));
    toasts.append(box);
    while (toasts.children.length > TOASTS) toasts.firstElementChild.remove();
    if (kind !== "error" && kind !== "stat") setTimeout(() => box.remove(), 9000);
  }

  function closer(box) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "✕";
    button.setAttribute("aria-label", words.close || "close");
    button.addEventListener("click", () => box.remove());
    return button;
  }
  for (const box of all(".toast", toasts)) box.append(closer(box));

  /* ---- refusals: the server's own words, at the field where it names one ---- */
  const BY_STATUS = { 401: "signin", 403: "denied", 404: "gone" };

  function refuse(xhr, form) {
    const page = new DOMParser().parseFromString(xhr.responseText || "", "text/html");
    const said = page.querySelector("[data-refusal]");
    const fallback = words[BY_STATUS[xhr.status]] || words.failed;
    const unplaced = said ? all("[data-field]", said).filter((item) => !atField(form, item)) : [];
    toast(said ? said.querySelector("[data-words]").textContent.trim() : fallback, "error", null, unplaced.map((item) => item.textContent.trim()));
  }

  /* A page with a form on it is not taken away from under the one who writes. */
  let isSaidOut = false;
  function signedOut(door) {
    if (!document.querySelector("main form[data-draft]")) { location.assign(door); return; }
    if (!isSaidOut) toast(words.signin, "error", door);
    isSaidOut = true;
  }

  function atField(form, item) {
    const field = form && all("[data-field]", form).find((box) => box.dataset.field === item.dataset.field);
    const place = field && field.querySelector(".error");
    if (!place) return false;
    field.classList.add("wrong");
    place.textContent = item.textContent.trim();
    place.hidden = false;
    const control = field.querySelector("input:not([type=hidden]), select, textarea");
    if (control) { control.setAttribute("aria-invalid", "true"); control.focus(); }
    return true;
  }
  body.addEventListener("input", (event) => {
    const field = event.target.closest(".field.wrong");
    if (!field) return;
    field.classList.remove("wrong");
    event.target.removeAttribute("aria-invalid");
    const place = field.querySelector(".error");
    if (place) place.hidden = true;
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, elt } = event.detail;
    release(elt);
    const door = xhr && xhr.status === 401 && xhr.getResponseHeader("X-Sign-In");
    if (door) { signedOut(door); return; }
    if (xhr && xhr.status >= 400 && (xhr.status !== 422 || xhr.getResponseHeader("X-Refusal"))) refuse(xhr, elt.closest("form"));
  });
  for (const lost of ["htmx:sendError", "htmx:timeout"]) body.addEventListener(lost, (event) => {
    release(event.detail.elt);
    if (event.detail.elt.matches("form, button, [data-acts]")) toast(words.lost, "error");
  });

  /* ---- one press, one act: a button rests while its request is under way ---- */
  const buttonsOf = (elt) => (elt.matches("form") ? all("button", elt) : elt.matches("button") ? [elt] : []);

  function hold(elt) {
    for (const button of buttonsOf(elt)) {
      if (button.disabled) continue;
      button.disabled = true;
      button.dataset.held = "";
      button.classList.add("busy");
    }
  }
  function release(elt) {
    for (const button of buttonsOf(elt)) {
      if (!("held" in button.dataset)) continue;
      button.disabled = false;
      delete button.dataset.held;
      button.classList.remove("busy");
    }
  }
  body.addEventListener("htmx:beforeRequest", (event) => hold(event.detail.elt));

  /* ---- a live update waits while somebody is at work in what it would replace ---- */
  const atWork = (elt) => elt.querySelector("details.panel[open], [data-upload].htmx-request") !== null
    || all("input[type=file]", elt).some((field) => field.files.length)
    || (elt.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));
  body.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    const cause = requestConfig && requestConfig.triggeringEvent;
    if (!cause || !cause.type.startsWith("live:") || !atWork(elt)) return;
    event.preventDefault();
    elt.dataset.waits = cause.type;
  });
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, requestConfig } = event.detail;
    const cause = requestConfig && requestConfig.triggeringEvent;
    if (!cause || !cause.type.startsWith("live:") || !atWork(elt)) return;
    event.detail.shouldSwap = false; /* work began while the answer was on its way */
    elt.dataset.waits = cause.type;
  });
  /* of panels with one name the browser keeps one open: the one that goes, not the one that comes */
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { target, shouldSwap } = event.detail;
    if (shouldSwap && target) for (const panel of all("details[name][open]", target)) panel.removeAttribute("name");
  });
  document.addEventListener("toggle", (event) => {
    const elt = event.target.closest("[data-waits]");
    if (!elt || atWork(elt)) return;
    const topic = elt.dataset.waits;
    delete elt.dataset.waits;
    body.dispatchEvent(new CustomEvent(topic, { detail: {} }));
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[hx-post], [hx-get], [data-draft]")) return; /* drafts.js sends those */
    if ("sent" in form.dataset) { event.preventDefault(); return; }
    form.dataset.sent = "";
    setTimeout(() => hold(form)); /* after the browser has read the pressed button's value */
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) { delete form.dataset.sent; release(form); }
  });

  /* ---- an upload says how far it is ---- */
  body.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.detail.elt.querySelector?.("progress");
    if (!bar || !event.detail.lengthComputable) return;
    bar.hidden = false;
    bar.value = 100 * event.detail.loaded / event.detail.total;
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    for (const bar of all("progress", event.detail.elt)) bar.hidden = true;
  });

  /* ---- keys ---- */
  document.addEventListener("keydown", (event) => {
    const find = document.getElementById("find");
    if (find && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      find.focus();
      find.select();
    }
    if (event.key === "Escape") for (const open of all("details.panel[open], details.more[open], details[data-closes][open]")) open.open = false;
  });
  document.addEventListener("click", (event) => {
    for (const open of all("details.more[open], details[data-closes][open]")) if (!open.contains(event.target)) open.open = false;
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-back]")) history.back();
  });

  /* ---- clocks: the same table as clock_face() in words.py ---- */
  const two = (n) => String(n).padStart(2, "0");

  function face(left) {
    const seconds = Math.abs(left);
    const minutes = Math.floor(seconds / 60);
    let figure, unit = "";
    if (seconds < 3600) figure = `${two(minutes)}:${two(seconds % 60)}`;
    else if (seconds < 86400) { figure = `${Math.floor(minutes / 60)}:${two(minutes % 60)}`; unit = words.hours; }
    else figure = words.days.replace("{n}", Math.floor(seconds / 86400));
    return left < 0 ? { figure: `+${figure}`, unit: words.overdue, late: true } : { figure, unit, late: false };
  }
  function tick() {
    const now = Date.now() + skew;
    for (const clock of all("[data-deadline]")) {
      const shown = face(Math.floor((Date.parse(clock.dataset.deadline) - now) / 1000));
      const figure = clock.querySelector("b");
      if (figure.textContent === shown.figure) continue;
      figure.textContent = shown.figure;
      clock.querySelector(".unit").textContent = shown.unit;
      clock.classList.toggle("overdue", shown.late);
      clock.classList.toggle("running", !shown.late);
    }
  }
  tick();
  setInterval(tick, 1000);

  /* ---- coded entries found while typing ---- */
  function picker(box) {
    const input = box.querySelector("[role=combobox]");
    const list = box.querySelector("[role=listbox]");
    const code = box.querySelector("[data-code]");
    const chosen = box.querySelector("[data-chosen]");
    let timer, asked = 0, at = -1;
    const items = () => all("[role=option]", list);

    const show = (open) => { list.hidden = !open; input.setAttribute("aria-expanded", String(open)); if (!open) at = -1; };
    const mark = (to) => {
      const options = items();
      if (!options.length) return;
      at = (to + options.length) % options.length;
      options.forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
      options[at].scrollIntoView({ block: "nearest" });
    };
    const take = (option) => {
      input.value = option.dataset.words;
      code.value = chosen.textContent = option.dataset.code;
      chosen.hidden = false;
      show(false);
      code.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const ask = async () => {
      const turn = ++asked;
      const text = input.value.trim();
      if (!text) { show(false); return; }
      const at = new URL(input.dataset.href, location.href);
      at.searchParams.set("q", text);
      try {
        const answer = await fetch(at, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
        if (turn !== asked || !answer.ok) return;
        list.innerHTML = await answer.text();
        show(true);
        mark(0);
      } catch { toast(words.lost, "error"); }
    };
    input.addEventListener("input", () => {
      code.value = "";
      chosen.hidden = true;
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    });
    input.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
      else if (event.key === "Escape") show(false);
      else if (event.key === "Enter" && items()[at]) { event.preventDefault(); take(items()[at]); }
    });
    list.addEventListener("pointerdown", (event) => {
      const option = event.target.closest("[role=option]");
      event.preventDefault();
      if (option) take(option);
    });
    input.addEventListener("blur", () => show(false));
  }

  /* ---- live updates: notices and fresh fragments, reconnecting with back-off ---- */
  const MOST_WAIT = 30000;

  function listen() {
    const href = body.dataset.liveUrl;
    if (!href || !window.EventSource) return;
    const topics = body.dataset.liveTopics.split(" ");
    const offline = document.querySelector("[data-offline]");
    let wait = 1000, broken = false, slow;

    const heard = (topic, event) => {
      let notice = {};
      try { notice = JSON.parse(event.data || "{}"); } catch { /* a bare topic is enough */ }
      const about = topic || notice.topic;
      if (notice.words) toast(notice.words, notice.kind || "", notice.href);
      if (about) refresh(about, notice);
    };
    const refresh = (topic, notice) => body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: notice }));
    const connect = () => {
      const source = new EventSource(href, { withCredentials: true });
      source.onopen = () => {
        wait = 1000;
        clearTimeout(slow);
        if (offline) offline.hidden = true;
        if (broken) for (const topic of topics) refresh(topic, {}); /* what was missed meanwhile */
        broken = false;
      };
      source.onmessage = (event) => heard(null, event);
      for (const topic of topics) source.addEventListener(topic, (event) => heard(topic, event));
      source.onerror = () => {
        source.close();
        if (!broken) slow = setTimeout(() => { if (offline) { offline.hidden = false; offline.title = words.offline; } }, 5000);
        broken = true;
        setTimeout(connect, wait * (0.75 + Math.random() / 2));
        wait = Math.min(2 * wait, MOST_WAIT);
      };
      window.addEventListener("pagehide", () => source.close(), { once: true });
    };
    connect();
  }

  /* ---- what comes with the page, and with each fragment ---- */
  function ready(root) {
    for (const box of all("[data-picker]:not([data-ready])", root)) { box.dataset.ready = ""; picker(box); }
    for (const wide of all("[data-scroll-end]", root)) wide.scrollLeft = wide.scrollWidth;
  }
  ready(document);
  body.addEventListener("htmx:afterSwap", (event) => {
    const { count } = event.detail.target.dataset;
    if (count) for (const copy of all("[data-mirrors]")) if (copy.dataset.mirrors === count) copy.textContent = event.detail.target.textContent;
    ready(document);
    tick();
  });
  document.addEventListener("yilian:toast", ({ detail }) => toast(detail.said, detail.kind, detail.href));
  listen();
})();
