/* Asked of an open page by listening.py; each answers with what is wrong. */
({
  /* language, pictures, tables, labels tied to nothing, a place for messages */
  markup() {
    const wrong = [];
    const say = (words) => wrong.push(words);
    if (!["zh-Hans", "en"].includes(document.documentElement.lang)) say("no language");
    if (!document.title.trim()) say("no title");
    for (const img of document.querySelectorAll("img:not([alt])")) say(`img without alt: ${img.src}`);
    for (const svg of document.querySelectorAll("svg"))
      if (!svg.closest("[aria-hidden=true], [role=img], [aria-label]") && !svg.querySelector("title"))
        say(`a picture that is neither hidden nor named: ${svg.outerHTML.slice(0, 80)}`);
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) say(`two things called ${id}`);
    for (const node of document.querySelectorAll("[aria-describedby], [aria-labelledby], [aria-controls]"))
      for (const name of ["aria-describedby", "aria-labelledby", "aria-controls"])
        for (const id of (node.getAttribute(name) || "").split(" ").filter(Boolean))
          if (!document.getElementById(id)) say(`${name} of ${node.tagName} points at nothing: ${id}`);
    for (const head of document.querySelectorAll("thead th"))
      if (head.scope !== "col" || !head.textContent.trim()) say("a column without a head");
    if (!document.querySelector("[aria-live=polite][role=status]")) say("no place for messages");
    return wrong;
  },

  /* text against what lies behind it, as the browser paints it (WCAG 2.1, 1.4.3) */
  pale() {
    const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => {
      const part = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const over = (top, under) => {
      const a = top.length > 3 ? top[3] : 1;
      return [0, 1, 2].map((n) => top[n] * a + under[n] * (1 - a));
    };
    const behind = (node) => {
      if (!node) return [255, 255, 255];
      const style = getComputedStyle(node);
      const colour = parse(style.backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
      return over(colour, behind(node.parentElement));
    };
    const wrong = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      if (!text.textContent.trim()) continue;
      const node = text.parentElement;
      const box = node.getBoundingClientRect();
      const style = getComputedStyle(node);
      if (!box.width || !box.height || !node.checkVisibility({ visibilityProperty: true })) continue;
      if (node.closest(".unseen, .skip, script, style, :disabled")) continue;
      const back = behind(node);
      const front = over(parse(node instanceof SVGElement ? style.fill : style.color), back);
      const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      const size = parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (isLarge ? 3 : 4.5)) wrong.push(`${ratio.toFixed(2)}: ${text.textContent.trim().slice(0, 24)}`);
    }
    return [...new Set(wrong)];
  },

  /* what sticks out sideways, except what is meant to be scrolled there */
  tooWide() {
    const most = document.documentElement.clientWidth + 1;
    const wrong = [];
    if (document.documentElement.scrollWidth > most) wrong.push("the page scrolls sideways");
    for (const node of document.querySelectorAll("main *, header *, nav *")) {
      const box = node.getBoundingClientRect();
      if (!box.width || box.right <= most || !node.checkVisibility({ visibilityProperty: true })) continue;
      if (node.closest(".scroll, .a4, .table-frame, .tabs, .unseen, .skip, [hidden], svg")) continue;
      wrong.push(`${node.tagName}.${node.className}: ${node.textContent.trim().slice(0, 20)}`);
    }
    return wrong.slice(0, 5);
  },

  /* where the keyboard is, and whether that shows */
  focus() {
    const node = document.activeElement;
    if (!node || node === document.body) return null;
    const ring = node.matches(".choice input") ? node.nextElementSibling : node;
    const style = getComputedStyle(ring);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const shadow = style.boxShadow !== "none";
    const box = ring.getBoundingClientRect();
    const inSight = box.bottom > 0 && box.top < innerHeight && box.width > 0;
    return { seen: (outline || shadow) && inSight, what: node.outerHTML.slice(0, 90) };
  },
})
