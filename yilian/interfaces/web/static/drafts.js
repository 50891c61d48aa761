/* What is typed in a long form outlives a lost line, a refusal, a closed tab and an ended session.

   form[data-draft] is kept while somebody types, and sent by this file. Where the line is down it
   waits here, marked as not sent, and goes again with its idempotency key when the line is back:
   sent twice, it is made once. Nothing is dropped but by who wrote it, by signing out, or by
   somebody else signing in.

   What is kept lies sealed in IndexedDB (AES-GCM, a key that no script can read out), under ids
   that say nothing. Names stand in it masked; identity numbers and phones are on no such form.
   On a plain http address there is no such key: then only this tab remembers. */
(() => {
  "use strict";
  const body = document.body;
  const owner = body.dataset.owner || "";
  const account = body.dataset.account || owner;
  const words = JSON.parse(body.dataset.words || "{}");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const TYPED = "input:not([type=hidden]):not([type=password]):not([type=file]), select, textarea, [data-code]";
  const CSRF = "csrfmiddlewaretoken";
  const FORGET_TYPED = 7 * 86400e3; /* what was begun and never sent */
  const STALE = 12 * 3600e3; /* a patient is another after half a day: look before it goes */
  const PATIENCE = 25000;
  const LOST = new Set([502, 503, 504]);
  const OUTSIDE = new Set(["stale-page", "signed-out"]); /* refused because nobody is signed in any more */

  /* ---- where it lies ---- */
  const NAME = "yilian-drafts";
  const asked = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

  class SealedStore {
    static async open() {
      const opening = indexedDB.open(NAME, 1);
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore("keys");
        opening.result.createObjectStore("drafts");
      };
      const store = new SealedStore();
      store.db = await asked(opening);
      store.db.onversionchange = () => store.db.close();
      return store;
    }
    table(name, mode = "readonly") { return this.db.transaction(name, mode).objectStore(name); }
    async whose() { return asked(this.table("keys").get("account")); }
    async begin(who) {
      if (await this.whose() === who) { this.key = await asked(this.table("keys").get("key")); return; }
      await this.wipe();
      const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
      const keys = this.table("keys", "readwrite");
      keys.put(fresh, "key");
      await asked(keys.put(who, "account"));
      this.key = fresh;
    }
    async load(place) {
      const kept = await asked(this.table("drafts").get(place));
      return kept ? this.opened(kept) : null;
    }
    async opened(kept) {
      try {
        const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, this.key, kept.sealed);
        return JSON.parse(new TextDecoder().decode(plain));
      } catch { return null; } /* sealed by a key that is gone */
    }
    async save(place, draft) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(draft));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, plain);
      await asked(this.table("drafts", "readwrite").put({ iv, sealed }, place));
    }
    async drop(place) { await asked(this.table("drafts", "readwrite").delete(place)); }
    async every() {
      const table = this.table("drafts");
      const [places, kept] = await Promise.all([asked(table.getAllKeys()), asked(table.getAll())]);
      const drafts = await Promise.all(kept.map((one) => this.opened(one)));
      return places.map((place, n) => [place, drafts[n]]).filter(([, draft]) => draft);
    }
    async count() { return asked(this.table("drafts").getAllKeys()); }
    async wipe() {
      await asked(this.table("drafts", "readwrite").clear());
      await asked(this.table("keys", "readwrite").clear());
    }
  }

  class TabStore {
    static prefix = "draft:";
    async begin(who) {
      if (sessionStorage.getItem("draft-account") !== who) await this.wipe();
      try { sessionStorage.setItem("draft-account", who); } catch { /* forbidden: nothing is kept */ }
    }
    async load(place) {
      try { return JSON.parse(sessionStorage.getItem(TabStore.prefix + place)); } catch { return null; }
    }
    async save(place, draft) {
      try { sessionStorage.setItem(TabStore.prefix + place, JSON.stringify(draft)); } catch { /* full */ }
    }
    async drop(place) { sessionStorage.removeItem(TabStore.prefix + place); }
    async every() {
      const places = Object.keys(sessionStorage).filter((key) => key.startsWith(TabStore.prefix)).map((key) => key.slice(TabStore.prefix.length));
      return (await Promise.all(places.map(async (place) => [place, await this.load(place)]))).filter(([, draft]) => draft);
    }
    async count() { return (await this.every()).filter(([, draft]) => draft.fields); }
    async wipe() {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith(TabStore.prefix)) sessionStorage.removeItem(key);
      sessionStorage.removeItem("draft-account");
    }
  }

  const opening = (async () => {
    if (globalThis.crypto?.subtle && globalThis.indexedDB) {
      try { return await SealedStore.open(); } catch { /* private windows may forbid it */ }
    }
    return new TabStore();
  })();
  const ready = opening.then(async (store) => { if (account) await store.begin(account); return store; });

  /* ---- what somebody types ---- */
  const placeOf = (form) => `${owner}:${form.dataset.draft}`;
  const isOwn = (place) => place.startsWith(`${owner}:`);
  const fieldsOf = (root) => all(TYPED, root).filter((field) => field.name);
  const drafts = new Map(); /* place → what is kept of the forms on this page */
  const saving = new Map();
  let isRestoring = false; /* a change that we make ourselves is nobody's typing */

  function valuesOf(form, fields) {
    const values = {};
    for (const field of fields) {
      const { name } = field;
      if (field.type === "checkbox") values[name] = all("[type=checkbox]:checked", form).filter((box) => box.name === name).map((box) => box.value);
      else if (field.type !== "radio") values[name] = field.value;
      else if (field.checked) values[name] = field.value;
    }
    return values;
  }
  function begun(form) {
    const place = placeOf(form);
    const { idempotency_key: key, revision } = form.elements;
    const draft = drafts.get(place) || { key: key ? key.value : "", values: {}, revision: revision ? revision.value : "" };
    drafts.set(place, draft);
    return draft;
  }
  function note(event) {
    if (isRestoring) return;
    const form = event.target.closest("form[data-draft]");
    if (!form || !event.target.name || !event.target.matches(TYPED)) return;
    const draft = begun(form);
    const picked = event.target.closest("[data-picker]");
    Object.assign(draft.values, valuesOf(form, picked ? fieldsOf(picked) : [event.target]));
    draft.state = "typed"; /* whoever goes on writing sends it by hand */
    soon(form, draft);
  }
  function soon(form, draft) {
    const place = placeOf(form);
    clearTimeout(saving.get(place));
    saving.set(place, setTimeout(() => keep(place, draft), 200));
  }
  async function keep(place, draft) {
    clearTimeout(saving.get(place));
    saving.delete(place);
    draft.at = Date.now();
    await (await ready).save(place, draft);
    tell();
  }
  async function drop(place) {
    clearTimeout(saving.get(place));
    saving.delete(place);
    drafts.delete(place);
    await (await ready).drop(place);
    tell();
  }
  body.addEventListener("input", note);
  body.addEventListener("change", note);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") for (const [place] of saving) keep(place, drafts.get(place));
  });

  /* ---- putting it back ---- */
  function fill(root, values) {
    return fieldsOf(root).filter((field) => {
      if (!(field.name in values)) return false;
      const value = values[field.name];
      const isBox = field.type === "checkbox" || field.type === "radio";
      const isOn = isBox && (Array.isArray(value) ? value.includes(field.value) : value === field.value);
      if (isBox ? field.checked === isOn : field.value === value) return false;
      if (isBox) field.checked = isOn;
      else field.value = value;
      if (field.matches("[data-code]")) {
        const chosen = field.parentElement.querySelector("[data-chosen]");
        chosen.textContent = value;
        chosen.hidden = !value;
      }
      return true;
    });
  }
  async function restore(form, isAnswer = false) {
    const place = placeOf(form);
    const draft = await (await ready).load(place);
    if (!draft || drafts.has(place)) return;
    drafts.set(place, draft);
    const { idempotency_key: key, revision } = form.elements;
    if (draft.key && key) key.value = draft.key;
    const changed = fill(form, draft.values);
    const notice = document.querySelector("[data-restored]");
    if (notice && changed.length) notice.hidden = false;
    const isOlder = draft.revision && revision && revision.value !== draft.revision;
    if (isOlder && changed.length) said(form, words.changed_since);
    else if (draft.said && !isAnswer) said(form, draft.said, draft.href);
    isRestoring = true;
    for (const field of changed) field.dispatchEvent(new Event("change", { bubbles: true }));
    isRestoring = false;
  }
  body.addEventListener("htmx:afterSwap", (event) => {
    const form = event.detail.target.closest("form[data-draft]");
    const draft = form && drafts.get(placeOf(form));
    if (draft) fill(event.detail.target, draft.values);
  });

  /* A word above the form: why it was not sent. */
  function said(form, told, href) {
    const box = form.querySelector("[data-told]") || Object.assign(document.createElement("div"), { className: "alert urgent" });
    box.dataset.told = "";
    box.setAttribute("role", "status");
    box.replaceChildren(Object.assign(document.createElement("p"), { textContent: told }));
    if (isLocal(href)) box.append(Object.assign(document.createElement("a"), { href, textContent: words.show }));
    form.prepend(box);
    return box;
  }
  const isLocal = (href) => typeof href === "string" && href.startsWith("/") && !href.startsWith("//");

  /* ---- sending ---- */
  const token = () => (document.cookie.match(/(?:^|; )yilian_csrf=([^;]+)/) || [])[1]
    || (JSON.parse(body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "");

  async function post(draft) {
    const data = new URLSearchParams(draft.fields);
    data.append(CSRF, token());
    const stop = new AbortController();
    const clock = setTimeout(() => stop.abort(), PATIENCE);
    let answer, text;
    try {
      answer = await fetch(draft.action, {
        method: "POST", body: data, credentials: "same-origin", cache: "no-store",
        headers: { "X-Draft": "1", Accept: "text/html" }, signal: stop.signal,
      });
      text = await answer.text();
    } catch { return { came: "lost" }; } finally { clearTimeout(clock); }
    if (answer.status === 201 && answer.headers.get("X-Draft") === "done") return { came: "done", href: JSON.parse(text).href };
    if (LOST.has(answer.status)) return { came: "lost" };
    const page = new DOMParser().parseFromString(text, "text/html");
    const refusal = answer.headers.get("X-Refusal");
    const isOurs = refusal ? !OUTSIDE.has(refusal) : page.body.dataset.owner === owner && !answer.redirected;
    if (!isOurs) return { came: "outside" };
    const hasForm = (name) => all("form[data-draft]", page).some((one) => one.dataset.draft === name);
    return { came: "refused", text, hasForm, ...reasonIn(page) };
  }
  function reasonIn(page) {
    const box = page.querySelector("main .alert.stat, [data-refusal], main .field.wrong .error");
    const line = box && (box.querySelector("[data-words], p") || box);
    const link = box && box.querySelector("a[href^='/']");
    const href = link && link.getAttribute("href");
    return { said: line ? line.textContent.trim() : words.failed, href: isLocal(href) ? href : "" };
  }

  const busy = (form, on) => {
    for (const button of all("button", form)) { button.disabled = on; button.classList.toggle("busy", on); }
  };
  async function send(form, submitter) {
    const place = placeOf(form);
    const draft = begun(form);
    const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== CSRF);
    if (submitter && submitter.name) fields.push([submitter.name, submitter.value]);
    Object.assign(draft, {
      fields, values: valuesOf(form, fieldsOf(form)), action: form.getAttribute("action"), label: form.dataset.label || "",
      page: form.dataset.page || location.pathname + location.search, state: "sending", said: "", href: "", sentAt: Date.now(),
      revision: form.elements.revision ? form.elements.revision.value : "",
    });
    busy(form, true);
    await keep(place, draft); /* before it goes: a tab that dies now loses nothing */
    const answer = await post(draft);
    busy(form, false);
    if (answer.came === "done") { await drop(place); location.assign(answer.href); return; }
    if (answer.came === "refused") { await refused(place, draft, answer); shown(form, answer); return; }
    draft.state = "waiting";
    draft.said = answer.came === "outside" ? words.signin_kept : "";
    await keep(place, draft);
    const box = said(form, answer.came === "outside" ? words.signin_kept : words.kept, answer.came === "outside" ? "/" : "");
    box.scrollIntoView({ block: "center" });
  }
  async function refused(place, draft, answer) {
    Object.assign(draft, { state: "refused", said: answer.said, href: answer.href });
    await keep(place, draft);
  }
  /* The same page with what was typed and what is wrong; or the words at the form. */
  function shown(form, answer) {
    if (answer.hasForm(form.dataset.draft)) again(answer.text);
    else said(form, answer.said, answer.href).scrollIntoView({ block: "center" });
  }
  function again(text) {
    for (const form of all("form[data-draft]")) drafts.delete(placeOf(form));
    const target = document.getElementById("main");
    htmx.swap(target, text, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 }, { select: "#main", eventInfo: { target } });
    scrollTo(0, 0);
    for (const one of all("form[data-draft]")) restore(one, true);
    tell();
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-draft]") || form.matches("[hx-post]")) return;
    event.preventDefault();
    if (all("button.busy", form).length) return;
    send(form, event.submitter);
  });

  /* ---- sending again, when the line is back ---- */
  const isWaiting = (draft) => draft.state === "waiting" || (draft.state === "sending" && Date.now() - draft.sentAt > PATIENCE + 5000);
  const isStale = (draft) => Date.now() - draft.sentAt > STALE;

  async function flush(asked = null) {
    if (!owner || !navigator.onLine) return;
    const work = async () => {
      for (const [place, draft] of await mine()) {
        const isChosen = asked === place;
        const isDue = isWaiting(draft) && !isStale(draft);
        if (asked ? !isChosen : !isDue) continue;
        if (!(await one(place, draft))) return;
      }
    };
    if (navigator.locks) await navigator.locks.request(NAME, { ifAvailable: true }, async (lock) => { if (lock) await work(); });
    else await work();
  }
  async function one(place, draft) {
    const answer = await post(draft);
    if (answer.came === "lost") return false;
    const form = all("form[data-draft]").find((one) => placeOf(one) === place);
    if (answer.came === "done") {
      await drop(place);
      if (form) location.assign(answer.href);
      else document.dispatchEvent(new CustomEvent("yilian:toast", { detail: { said: `${words.sent_now} ${draft.label}`, kind: "good", href: answer.href } }));
      return true;
    }
    if (answer.came === "outside") {
      draft.said = words.signin_kept;
      await keep(place, draft);
      return false;
    }
    await refused(place, draft, answer);
    if (form) shown(form, answer);
    return true;
  }
  const mine = async () => (await (await ready).every()).filter(([place, draft]) => isOwn(place) && draft.fields);

  /* ---- saying so ---- */
  async function tell() {
    const kept = owner ? (await mine()).filter(([, draft]) => draft.state !== "sending" || isWaiting(draft)) : [];
    let box = document.getElementById("kept");
    if (!kept.length) { if (box) box.remove(); return; }
    if (!box) {
      box = Object.assign(document.createElement("section"), { id: "kept", className: "alert urgent kept no-print" });
      box.setAttribute("role", "status");
      (document.getElementById("main") || body).prepend(box);
    }
    const head = Object.assign(document.createElement("b"), { textContent: words.unsent.replace("{n}", kept.length) });
    const list = document.createElement("ul");
    for (const [place, draft] of kept) list.append(line(place, draft));
    const inside = document.createElement("div");
    inside.append(head, list);
    box.replaceChildren(inside);
  }
  function line(place, draft) {
    const item = document.createElement("li");
    const at = new Date(draft.sentAt || draft.at).toLocaleString(document.documentElement.lang || "zh", { dateStyle: "short", timeStyle: "short" });
    const state = stateOf(draft);
    item.append(Object.assign(document.createElement("span"), { textContent: `${draft.label} · ${at} · ${state} ` }));
    if (isLocal(draft.href)) item.append(link(draft.href, words.show));
    if (isWaiting(draft)) item.append(button(words.send_now, () => flush(place)));
    if (isLocal(draft.page) && draft.page !== location.pathname + location.search) item.append(link(draft.page, words.open));
    item.append(button(words.discard, async () => {
      if (!confirm(words.discard_sure)) return;
      const isHere = all("form[data-draft]").some((form) => placeOf(form) === place);
      await drop(place);
      if (isHere) location.reload();
    }));
    return item;
  }
  function stateOf(draft) {
    if (draft.state === "typed") return words.edited;
    if (draft.state === "refused") return draft.said;
    return isStale(draft) ? words.too_old : draft.said || words.waits;
  }
  const link = (href, textContent) => Object.assign(document.createElement("a"), { href, textContent, className: "button quiet" });
  function button(textContent, act) {
    const one = Object.assign(document.createElement("button"), { type: "button", textContent, className: "button quiet" });
    one.addEventListener("click", act);
    return one;
  }

  /* ---- throwing away, signing out ---- */
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-forget]")) return;
    for (const form of all("form[data-draft]")) await drop(placeOf(form));
    location.reload();
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-forgets]")) return;
    event.preventDefault();
    const unsent = owner ? (await mine()).length : 0;
    if (unsent && !confirm(words.leaving.replace("{n}", unsent))) { delete form.dataset.sent; busy(form, false); return; }
    try { await (await ready).wipe(); } finally { form.submit(); }
  });

  /* ---- without a line, a page is asked for: say so, and what is kept ---- */
  async function offline(page) {
    const kept = (await (await opening).count()).length;
    const told = page.querySelector("[data-kept-count]");
    if (kept) { told.textContent = words.unsent.replace("{n}", kept); told.hidden = false; }
    const look = async () => {
      try { if ((await fetch("/healthz", { cache: "no-store" })).ok) location.reload(); } catch { /* not yet */ }
    };
    window.addEventListener("online", look);
    setInterval(look, 4000);
  }

  document.addEventListener("DOMContentLoaded", async () => { /* after htmx has begun to listen */
    const page = document.querySelector("[data-offline-page]");
    if (page) { offline(page); return; }
    if (!owner) return;
    if (navigator.serviceWorker) navigator.serviceWorker.register("/sw.js").catch(() => { /* the pages work without */ });
    const store = await ready;
    for (const [place, draft] of await store.every()) {
      const isForgotten = draft.state === "typed" && Date.now() - draft.at > FORGET_TYPED;
      if (isForgotten) await store.drop(place);
    }
    for (const form of all("form[data-draft]")) await restore(form);
    await tell();
    flush();
    setInterval(flush, 30000);
  });
  window.addEventListener("online", () => flush());
})();
