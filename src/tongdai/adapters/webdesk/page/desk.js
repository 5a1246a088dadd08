"use strict";
// The agent's page. What it shows is what the desk said; what the agent does is asked of the desk,
// and shows when the desk says so. Only text is ever put on the page, as text.
(() => {
  // --- small tools --------------------------------------------------------------------------
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const ICONS = {
    send: "M3 11.5 20.5 4 14 21l-3.2-6.6z",
    clip: "M20 11.5 12.2 19a5 5 0 0 1-7-7.1l8-7.8a3.4 3.4 0 0 1 4.8 4.8l-7.9 7.7a1.7 1.7 0 0 1-2.4-2.4l7-6.9",
    choices: "M4 6h16M4 12h10M4 18h13",
    file: "M7 3h7l4 4v14H7zM14 3v4h4",
    out: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
    bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
    mute: "M6 16V11a6 6 0 0 1 9-5M18 12v4l2 2H8M4 4l16 16M10 21h4",
    sun: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5 19 19M19 5l-1.5 1.5M6.5 17.5 5 19",
    chat: "M4 5h16v11H11l-4 4v-4H4z",
    mail: "M3 6h18v13H3zM3 7l9 7 9-7",
    phone: "M6 3h4l2 5-2.5 2a12 12 0 0 0 5 5l2-2.5 5 2v4a2 2 0 0 1-2 2A17 17 0 0 1 4 5a2 2 0 0 1 2-2",
    bot: "M5 9h14v10H5zM12 5v4M9 13.5v1M15 13.5v1M12 4.5v.1",
    user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21a8 8 0 0 1 16 0",
    wall: "M4 20V10M10 20V4M16 20v-8M22 20H2",
    inbox: "M4 5h16v14H4zM4 13h5l1.5 2.5h3L15 13h5",
    x: "M6 6l12 12M18 6 6 18",
    check: "M5 12.5 10 17.5 19.5 7",
    down: "M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14",
  };
  function el(tag, props, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "on") for (const [kind, act] of Object.entries(value)) node.addEventListener(kind, act);
      else if (name === "text") node.textContent = value;
      else if (name === "class") node.className = value;
      else if (name === "value") node.value = value;
      else node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) node.append(child);
    return node;
  }
  function icon(name, className) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", "i " + (className || ""));
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }
  // Keeps a list's nodes by key, so that what has the focus keeps it.
  function keyed(parent, items, key, make, update) {
    const before = new Map([...parent.children].map((node) => [node.dataset.key, node]));
    let next = parent.firstElementChild;
    for (const item of items) {
      const id = String(key(item));
      let node = before.get(id);
      if (!node) { node = make(item); node.dataset.key = id; }
      before.delete(id);
      update(node, item);
      if (node === next) next = next.nextElementSibling;
      else parent.insertBefore(node, next);
    }
    for (const node of before.values()) node.remove();
  }
  function put(node, text) { if (node.textContent !== text) node.textContent = text; }
  function remembered(name, otherwise) { try { return localStorage.getItem("tongdai-desk-" + name) || otherwise; } catch { return otherwise; } }
  function remember(name, value) { try { localStorage.setItem("tongdai-desk-" + name, value); } catch { /* private windows */ } }
  function kept(name) { try { return JSON.parse(sessionStorage.getItem("tongdai-desk-" + name)); } catch { return null; } }
  function keep(name, value) {
    try {
      if (value === null) sessionStorage.removeItem("tongdai-desk-" + name);
      else sessionStorage.setItem("tongdai-desk-" + name, JSON.stringify(value));
    } catch { /* private windows */ }
  }

  // --- what is known ------------------------------------------------------------------------
  const S = {
    token: null, me: "", name: "", title: "tongdai", presence: "offline", reason: "",
    offers: new Map(), talks: new Map(), current: null, queues: [], dispositions: [], reasons: [],
    largest: 0, target: 20000, names: {}, skew: 0, ready: false,
    pending: kept("pending") || [], drafts: kept("drafts") || {}, view: "inbox",
  };
  let lang = remembered("language", (navigator.language || "vi").startsWith("vi") ? "vi" : "en");
  if (!WORDS[lang]) lang = "en";
  let theme = remembered("theme", "auto");
  let sound = remembered("sound", "on") === "on";
  // (in one pass, so that what is put in stays as it is: a name may have "{1}" or "$&" in it)
  const fill = (text, values) => text.replace(/\{(\d)\}/g, (_, at) => String(values[at] ?? ""));
  const t = (key, ...values) => fill(WORDS[lang][key] ?? key, values);
  const agentName = (id) => (Object.hasOwn(S.names, id) ? S.names[id] : id);
  function because(why) {
    const by = /^accepted by (.*)$/.exec(why || "");
    if (by) return t("accepted_by", agentName(by[1]));
    return Object.hasOwn(WORDS[lang].reasons, why) ? WORDS[lang].reasons[why] : why || "";
  }
  const whyNot = (answer, otherwise) => (Object.hasOwn(WORDS[lang].wrongs, answer.key) ? WORDS[lang].wrongs[answer.key] : otherwise);
  const fieldName = (field) => WORDS[lang]["field_" + field] || title(field);
  function languageName(code) {
    try { return new Intl.DisplayNames([lang], { type: "language" }).of(code); } catch { return code; }
  }
  const now = () => Date.now() + S.skew;

  function spell(ms) {
    const all = Math.max(0, Math.floor(ms / 1000));
    const h = Math.floor(all / 3600), m = Math.floor((all % 3600) / 60), s = all % 60;
    const two = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  }
  function hour(at) { return new Date(at).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" }); }
  function day(at) {
    const date = new Date(at);
    if (date.toDateString() === new Date(now()).toDateString()) return t("today");
    return date.toLocaleDateString(lang, { day: "2-digit", month: "2-digit", year: "numeric" });
  }
  function bytes(size) {
    if (size === null || size === undefined) return "";
    if (size < 1024) return `${size} B`;
    const unit = size < 1024 * 1024 ? ["KB", 1024] : ["MB", 1024 * 1024];
    return `${(size / unit[1]).toLocaleString(lang, { maximumFractionDigits: 1 })} ${unit[0]}`;
  }
  function naming(one) {
    const said = (one.claims || []).find((claim) => claim[0] === "name");
    return (one.profile && one.profile.name) || (said && said[1]) || `${t("visitor")} ${one.contact}`;
  }
  function initials(name) {
    const words = name.trim().split(/\s+/);
    const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
    return picked.map((word) => [...word][0] || "").join("").toUpperCase();
  }
  function hue(text) { let sum = 0; for (const c of text) sum = (sum * 31 + c.codePointAt(0)) % 6; return String(sum); }
  function channelIcon(one) { return one.mode === "live" ? "phone" : one.mode === "deferred" ? "mail" : "chat"; }
  function title(text) {
    const words = (text || "").replace(/_/g, " ").trim();
    return words.charAt(0).toLocaleUpperCase(lang) + words.slice(1);
  }
  function announce(text, loud) { const node = $(loud ? "shout" : "say"); node.textContent = ""; setTimeout(() => { node.textContent = text; }, 30); }

  // --- the socket ---------------------------------------------------------------------------
  let socket = null, tries = 0, number = 0, retry = null, stopped = false;
  const asked = new Map();
  function connect() {
    clearTimeout(retry);
    if (stopped || !S.token) return;
    const url = new URL("socket", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = "";
    url.search = "";
    const mine = socket = new WebSocket(url);
    mine.onopen = () => mine.send(JSON.stringify({ do: "hello", token: S.token }));
    mine.onmessage = (event) => { if (mine === socket) take(JSON.parse(event.data)); };
    mine.onclose = (event) => { if (mine === socket) closed(event.code); };
  }
  function closed(code) {
    socket = null;
    S.ready = false;
    // (what the desk could not read is not sent again: it would be refused for ever)
    if (code === 4400) for (const each of S.pending) if (each.going) { each.failed = true; if (S.talks.has(each.interaction)) drawPending(S.talks.get(each.interaction)); }
    for (const settle of asked.values()) settle(null);
    asked.clear();
    if (code === 4401) { keep("token", null); S.token = null; gate(t("token")); return; }
    if (code === 4402) { keep("token", null); S.token = null; forget(); gate(t("signed_out")); return; }
    if (code === 4410) { gate(t("removed")); return; }
    if (code === 4409) { stopped = true; gate(t("elsewhere"), t("here"), () => { stopped = false; tries = 0; connect(); }); return; }
    tries += 1;
    const wait = Math.min(8000, 100 * 2 ** Math.min(tries - 1, 7)) * (0.7 + Math.random() * 0.6);
    retry = setTimeout(connect, wait);
    banner();
  }
  addEventListener("online", () => { tries = 0; if (!socket) connect(); });
  addEventListener("offline", () => { if (socket) { const old = socket; socket = null; old.close(); closed(0); } });
  function ask(what, more) {
    if (!S.ready || !socket || socket.readyState !== 1) return Promise.resolve(null);
    const n = ++number;
    socket.send(JSON.stringify({ do: what, n, ...more }));
    return new Promise((settle) => { asked.set(n, settle); }).then((answer) => {
      if (answer && answer.wrong) complain(t("fault", whyNot(answer, answer.wrong)));
      else if (answer && answer.late && what !== "say") complain(t("late", whyNot(answer, answer.late)));
      return answer;
    });
  }
  function tell(what, more) { if (S.ready && socket && socket.readyState === 1) socket.send(JSON.stringify({ do: what, ...more })); }

  // --- what the desk says -------------------------------------------------------------------
  function take(frame) {
    switch (frame.is) {
      case "whole": whole(frame); break;
      case "done": { const settle = asked.get(frame.n); asked.delete(frame.n); if (settle) settle(frame); break; }
      case "presence": S.presence = frame.presence; S.reason = frame.reason; showPresence(); break;
      case "offer": offer(frame); break;
      case "gone": gone(frame); break;
      case "talk": talk(frame); break;
      case "line": line(frame); break;
      case "head": head(frame); break;
      case "typing": typing(frame); break;
      case "over": over(frame); break;
      case "wrap": wrap(frame); break;
      case "wrapped": wrapped(frame); break;
      case "wall": S.queues = frame.queues; showWall(); break;
    }
  }
  // What one agent wrote and saw is nothing for the next one in the same window.
  function forget() {
    for (const id of [...S.talks.keys()]) drop(id);
    S.pending = [];
    S.drafts = {};
    for (const name of ["pending", "drafts", "current", "me"]) keep(name, null);
  }
  function whole(frame) {
    if (kept("me") !== frame.me) { forget(); keep("me", frame.me); }
    Object.assign(S, {
      me: frame.me, name: frame.name, title: frame.title, presence: frame.presence, reason: frame.reason,
      queues: frame.queues, dispositions: frame.dispositions, reasons: frame.reasons,
      largest: frame.largest, target: frame.target, names: frame.names, skew: frame.now - Date.now(), ready: true,
    });
    tries = 0;
    $("gate").hidden = true;
    $("desk").hidden = false;
    S.offers = new Map(frame.offers.map((one) => [one.offer, one]));
    const there = new Set();
    for (const one of frame.talks) { begin(one, "talk"); there.add(one.interaction); }
    for (const one of frame.wraps) { const talk = begin(one, "wrap"); talk.until = one.until; there.add(one.interaction); }
    for (const [id, talk] of S.talks) {
      if (there.has(id) || talk.stage === "over") continue;
      if (talk.stage === "wrap") { drop(id); continue; }
      talk.stage = "over"; // (meanwhile; what was not sent stays there to be read)
      talk.why = "";
      for (const each of S.pending) if (each.interaction === id) each.failed = true;
      drawPending(talk);
    }
    S.pending = S.pending.filter((each) => S.talks.has(each.interaction));
    keep("pending", S.pending);
    if (!S.talks.has(S.current)) {
      const before = kept("current");
      S.current = S.talks.has(before) ? before : S.talks.size ? [...S.talks.keys()][0] : null;
    }
    again();
    show();
    seen();
  }
  function begin(one, stage) {
    const known = S.talks.get(one.interaction);
    const talk = known || { unread: 0, seen: 0, node: null, nodes: new Map(), typing: 0, customer: null, choices: "", files: [], told: 0, ending: false };
    Object.assign(talk, one, { stage, seen: 0 }); // (a read mark may have been lost on its way)
    talk.lines = new Map();
    for (const each of one.lines) talk.lines.set(each.n, each);
    confirmed(talk, one.lines);
    S.talks.set(one.interaction, talk);
    if (talk.node) drawLines(talk);
    return talk;
  }
  function drop(id) {
    const talk = S.talks.get(id);
    if (!talk) return;
    if (talk.node) talk.node.remove();
    S.talks.delete(id);
    delete S.drafts[id];
    keep("drafts", S.drafts);
    S.pending = S.pending.filter((each) => each.interaction !== id);
    keep("pending", S.pending);
    if (S.current === id) S.current = S.talks.size ? [...S.talks.keys()][0] : null;
  }
  function offer(one) {
    S.offers.set(one.offer, one);
    if (!current()) know(one);
    showOffers();
    const left = Math.round((one.until - now()) / 1000);
    announce(t("offered", naming(one), title(one.queue), left), true);
    ring();
  }
  function gone(frame) {
    const had = S.offers.get(frame.offer);
    if (!had) return;
    const focused = $("offers").contains(document.activeElement);
    S.offers.delete(frame.offer);
    if (frame.why !== "declined") announce(t("gone", because(frame.why)), true);
    showOffers();
    if (focused) focusSoon();
  }
  function talk(frame) {
    const asked = accepting.delete(frame.interaction);
    S.offers.delete(frame.interaction);
    const begun = begin(frame, "talk");
    showOffers();
    if (asked || !current()) { go(frame.interaction, true); return; }
    // It came by itself while the agent is busy elsewhere: it waits in the list, and says so.
    begun.unread = 1;
    announce(t("new_from", naming(begun), preview(begun)), true);
    ring();
    show();
  }
  function line(frame) {
    for (const talk of S.talks.values()) {
      if (talk.contact !== frame.contact || talk.stage === "over") continue;
      const fresh = !talk.lines.has(frame.line.n);
      talk.lines.set(frame.line.n, frame.line);
      confirmed(talk, [frame.line]);
      if (frame.line.who === "customer" && fresh) {
        talk.typing = 0;
        if (talk !== current() || !looking()) { talk.unread += 1; ring(true); }
        if (talk !== current()) announce(t("new_from", naming(talk), frame.line.text));
      }
      if (talk.node) drawLine(talk, frame.line);
      if (talk === current()) { if (fresh) scroll(talk, frame.line.who === "agent"); seen(); showTyping(); }
      if (fresh && frame.line.who === "customer") soon(talk);
    }
    for (const one of S.offers.values()) {
      if (one.contact === frame.contact) one.lines = [...one.lines.filter((each) => each.n !== frame.line.n), frame.line].slice(-3);
    }
    showOffers();
    showTalks();
  }
  function head(frame) {
    for (const one of [...S.talks.values(), ...S.offers.values()]) {
      if (one.contact === frame.contact) { Object.assign(one, { ...frame, is: undefined }); one.customer = null; }
    }
    if (current() && current().contact === frame.contact) soon(current());
    show();
  }
  function typing(frame) {
    for (const talk of S.talks.values()) if (talk.contact === frame.contact) talk.typing = now() + 6000;
    showTyping();
    showTalks();
  }
  function over(frame) {
    const talk = S.talks.get(frame.interaction);
    if (!talk) return;
    talk.typing = 0;
    talk.why = frame.why;
    talk.ending = false;
    if (frame.wrap_up) talk.stage = "wrap";
    else if (frame.why === "agent") { drop(frame.interaction); announce(t("over_agent")); show(); focusSoon(); return; }
    else talk.stage = "over";
    announce(frame.why === "customer" ? t("over_customer") : t("over", because(frame.why)), true);
    show();
    if (talk === current()) focusFoot();
  }
  function wrap(frame) {
    const talk = S.talks.get(frame.interaction);
    if (!talk) return;
    talk.stage = "wrap";
    talk.until = frame.until;
    talk.long = frame.until === null ? 0 : Math.max(talk.long || 0, frame.until - now());
    show();
    if (talk === current()) focusFoot();
  }
  function wrapped(frame) {
    if (!S.talks.has(frame.interaction)) return;
    const mine = S.current === frame.interaction;
    drop(frame.interaction);
    show();
    if (mine) focusSoon();
  }

  // --- what the agent does ------------------------------------------------------------------
  const current = () => S.talks.get(S.current) || null;
  const looking = () => document.visibilityState === "visible" && document.hasFocus();
  const accepting = new Set();
  async function accept(id, button) {
    if (button) button.disabled = true;
    accepting.add(id);
    const answer = await ask("accept", { offer: id });
    if (button) button.disabled = false;
    if (!answer || answer.late || answer.wrong) accepting.delete(id);
    if (answer && answer.late) { S.offers.delete(id); showOffers(); }
  }
  function decline(id) { ask("decline", { offer: id }); }
  function say(talk) {
    const box = $("box");
    const text = box.value.trim();
    const buttons = talk.choosing ? talk.choices.split(",").map((each) => each.trim()).filter(Boolean).slice(0, 10).map((each) => each.slice(0, 40)) : [];
    if ((!text && !talk.files.length) || talk.files.some((each) => !each.url)) return;
    const key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now();
    S.pending.push({ interaction: S.current, key, text, files: talk.files, buttons, at: now() });
    keep("pending", S.pending);
    talk.files = [];
    talk.choices = "";
    talk.choosing = false;
    box.value = "";
    draft(talk, "");
    deliver(S.pending[S.pending.length - 1]);
    drawPending(talk);
    showFoot(true);
    scroll(talk, true);
    $("box").focus();
  }
  async function deliver(one) {
    if (one.going) return;
    one.going = true;
    const answer = await ask("say", { interaction: one.interaction, key: one.key, text: one.text, files: one.files.map((each) => each.url), buttons: one.buttons });
    one.going = false;
    if (!answer) return; // (the connection is gone; it is said again when that is back)
    if (answer.wrong && answer.again) { setTimeout(() => deliver(one), 2000); return; }
    if (answer.wrong || answer.late) { one.failed = true; const talk = S.talks.get(one.interaction); if (talk) drawPending(talk); }
  }
  function again() { for (const one of S.pending) if (!one.failed) { one.going = false; deliver(one); } }
  // A message of ours is among the lines: it is no longer pending.
  function confirmed(talk, lines) {
    const causes = new Set(lines.map((each) => each.cause).filter(Boolean));
    const before = S.pending.length;
    S.pending = S.pending.filter((each) => !causes.has(`${S.me}:${each.key}`));
    if (S.pending.length !== before) { keep("pending", S.pending.map((each) => ({ ...each, going: undefined }))); if (talk.node) drawPending(talk); }
  }
  function draft(talk, text) {
    if (text) S.drafts[talk.interaction] = text; else delete S.drafts[talk.interaction];
    keep("drafts", S.drafts);
  }
  let lastTyping = 0;
  function types(talk) {
    if (now() - lastTyping > 3000) { lastTyping = now(); tell("typing", { interaction: talk.interaction }); }
  }
  function seen() {
    const talk = current();
    if (!talk || talk.stage !== "talk" || !looking() || !S.ready) return;
    talk.unread = 0;
    const last = Math.max(0, ...[...talk.lines.values()].filter((each) => each.who === "customer").map((each) => each.n));
    if (last > talk.seen) { talk.seen = last; tell("read", { interaction: talk.interaction, line: last }); }
    showTalks();
    showTitle();
  }
  addEventListener("focus", seen);
  document.addEventListener("visibilitychange", seen);
  const MOST_FILES = 10; // of one message
  async function upload(talk, file) {
    if (talk.files.length >= MOST_FILES) { complain(t("too_many", MOST_FILES)); return; }
    if (file.size > S.largest) { complain(t("too_large", file.name, bytes(S.largest))); return; }
    const one = { name: file.name, size: file.size, kind: file.type || "application/octet-stream", url: "" };
    talk.files.push(one);
    showFiles(talk);
    try {
      const answer = await fetch("files", { method: "POST", body: file, headers: { Authorization: `Bearer ${S.token}`, "Content-Type": one.kind, "X-Name": encodeURIComponent(file.name) } });
      if (!answer.ok) throw new Error(String(answer.status));
      Object.assign(one, await answer.json());
    } catch {
      talk.files = talk.files.filter((each) => each !== one);
      complain(t("not_uploaded", file.name));
    }
    showFiles(talk);
  }
  async function fetched(file) {
    const answer = await fetch("files/" + encodeURIComponent(file.url), { headers: { Authorization: `Bearer ${S.token}` } });
    if (!answer.ok) throw new Error(String(answer.status));
    const shown = /^image\/(png|jpeg|gif|webp)$/.test(file.kind) ? file.kind : "application/octet-stream";
    return URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: shown }));
  }
  async function download(file) {
    try {
      const url = await fetched(file);
      const link = el("a", { href: url, download: file.name || "file" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    } catch { complain(t("fault", file.name)); }
  }
  let asking = null;
  function soon(talk) { clearTimeout(asking); asking = setTimeout(() => know(talk), 400); }
  async function know(talk) {
    const answer = await ask("customer", { contact: talk.contact });
    if (answer && answer.customer) { talk.customer = answer.customer; talk.profile = answer.customer.profile; if (talk === current() || !current()) showCustomer(); }
  }
  function go(id, focus) {
    S.current = id;
    keep("current", id);
    S.view = "chat";
    show();
    const talk = current();
    if (talk) { if (talk.stage !== "over") know(talk); seen(); scroll(talk, true); }
    if (focus) focusFoot();
  }
  function focusFoot() { setTimeout(() => { const target = $("foot").querySelector("textarea, [data-first]"); if (target) target.focus(); }, 0); }
  function focusSoon() { setTimeout(() => { const target = $("offers").querySelector("button") || $("talks").querySelector("button") || $("inbox"); target.focus(); }, 0); }

  // --- sound and complaints -----------------------------------------------------------------
  let audio = null;
  function ring(soft) {
    if (!sound) return;
    try {
      audio = audio || new AudioContext();
      if (audio.state === "suspended") return;
      const tone = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime;
      tone.frequency.value = soft ? 660 : 880;
      loud.gain.setValueAtTime(0, at);
      loud.gain.linearRampToValueAtTime(soft ? 0.03 : 0.08, at + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, at + (soft ? 0.15 : 0.5));
      tone.connect(loud).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.6);
    } catch { /* no sound then */ }
  }
  let fading = null;
  function complain(text) {
    const node = $("banner");
    node.className = "wrong";
    node.hidden = false;
    node.replaceChildren(el("span", { text }));
    clearTimeout(fading);
    fading = setTimeout(banner, 5000);
  }
  function banner() {
    const node = $("banner");
    clearTimeout(fading);
    if (!S.ready) { node.className = "broken"; node.hidden = false; node.replaceChildren(el("span", { text: S.me ? t("broken") : t("connecting") })); return; }
    if (S.presence === "not_responding") {
      node.className = "missed";
      node.hidden = false;
      node.replaceChildren(el("span", { text: t("missed") }), el("button", { type: "button", class: "small", text: t("back"), on: { click: () => ask("presence", { presence: "available" }) } }));
      return;
    }
    node.hidden = true;
    node.replaceChildren();
  }
  function gate(text, action, act) {
    $("desk").hidden = true;
    const node = $("gate");
    node.hidden = false;
    const button = action ? el("button", { type: "button", class: "primary", text: action, on: { click: act } }) : null;
    node.replaceChildren(el("div", { class: "gate" }, el("span", { class: "mark", "aria-hidden": "true" }), el("h1", { text: S.title }), el("p", { text }), button));
    if (button) button.focus();
  }

  // --- showing ------------------------------------------------------------------------------
  function show() {
    document.documentElement.lang = lang;
    document.documentElement.dataset.theme = theme;
    document.body.dataset.view = S.view;
    put($("skip"), t("skip"));
    put($("title"), S.title);
    $("language").replaceChildren(el("span", { class: "long", text: t("other") }), el("span", { class: "short", "aria-hidden": "true", text: lang === "vi" ? "EN" : "VI" }));
    $("language").setAttribute("aria-label", t("other"));
    $("language").lang = lang === "vi" ? "en" : "vi";
    for (const [id, label, name] of [["leave", t("sign_out"), "out"], ["theme", t("theme", t(theme)), "sun"], ["sound", t(sound ? "sound_on" : "sound_off"), sound ? "bell" : "mute"]]) {
      $(id).title = label;
      $(id).setAttribute("aria-label", label);
      $(id).replaceChildren(icon(name));
    }
    const me = $("me");
    me.replaceChildren(el("span", { class: "face", "data-hue": hue(S.name), text: initials(S.name), "aria-hidden": "true" }), el("span", { class: "name", text: S.name }));
    put($("wall-title"), t("wall"));
    put($("offers-title"), t("offers"));
    put($("talks-title"), t("talks"));
    $("inbox").setAttribute("aria-label", t("inbox"));
    $("chat").setAttribute("aria-label", t("chat"));
    $("customer").setAttribute("aria-label", t("customer"));
    showPresence();
    showWall();
    showOffers();
    showTalks();
    showChat();
    showCustomer();
    showTabs();
    showTitle();
    banner();
  }
  function showPresence() {
    const node = $("presence");
    node.setAttribute("aria-label", t("presence"));
    if (!node.firstChild) {
      node.append(
        el("button", { type: "button", id: "be-available", on: { click: () => ask("presence", { presence: "available" }) } }, el("span", { class: "dot" }), el("span", { class: "word" })),
        el("button", { type: "button", id: "be-away", on: { click: () => ask("presence", { presence: "away", reason: $("why").value }) } }, el("span", { class: "dot" }), el("span", { class: "word" })),
        el("select", { id: "why", on: { change: () => { if (S.presence === "away" || $("why").value) ask("presence", { presence: "away", reason: $("why").value }); } } }),
      );
    }
    for (const [id, word] of [["be-available", "available"], ["be-away", "away"]]) {
      const button = $(id);
      button.dataset.presence = word;
      button.setAttribute("aria-pressed", String(S.presence === word));
      put(button.querySelector(".word"), t(word));
    }
    const why = $("why");
    why.hidden = !S.reasons.length;
    why.setAttribute("aria-label", t("why_away"));
    const options = ["", ...S.reasons];
    if (why.options.length !== options.length) why.replaceChildren(...options.map((each) => el("option", { value: each, text: each || "–" })));
    put(why.options[0], t("why"));
    if (document.activeElement !== why) why.value = S.presence === "away" && S.reasons.includes(S.reason) ? S.reason : "";
    node.dataset.presence = S.presence;
    banner();
    showNothing();
  }
  function showWall() {
    $("queues").setAttribute("aria-label", t("wall"));
    keyed($("queues"), S.queues, (one) => one.queue,
      () => el("div", { class: "queue", role: "listitem" },
        el("strong", { class: "q-name" }),
        el("dl", {},
          el("div", { class: "q-waiting" }, el("dt"), el("dd")),
          el("div", { class: "q-longest" }, el("dt"), el("dd")),
          el("div", { class: "q-agents" }, el("dt"), el("dd")),
          el("div", { class: "q-level" }, el("dt"), el("dd")))),
      (node, one) => {
        put(node.querySelector(".q-name"), title(one.queue));
        const level = one.level === null ? "–" : `${Math.round(one.level * 100)}%`;
        const wait = one.longest === null ? "–" : spell(now() - one.longest);
        const within = `${Math.round(S.target / 1000)}s`;
        for (const [name, value, word] of [["waiting", one.waiting, t("waiting")], ["longest", wait, t("longest")], ["agents", one.agents, t("agents")], ["level", level, t("level", within)]]) {
          const cell = node.querySelector(".q-" + name);
          put(cell.querySelector("dd"), String(value));
          put(cell.querySelector("dt"), word);
        }
        node.querySelector(".q-waiting").dataset.state = one.waiting === 0 ? "calm" : one.longest !== null && now() - one.longest > S.target ? "late" : "busy";
        node.querySelector(".q-agents").dataset.state = one.agents ? "calm" : one.waiting ? "late" : "busy";
        node.querySelector(".q-level").dataset.state = one.level === null ? "none" : one.level >= 0.8 ? "calm" : one.level >= 0.6 ? "busy" : "late";
        node.title = t("level_long", level, within, one.answered, one.abandoned);
      });
  }
  function showOffers() {
    const offers = [...S.offers.values()].sort((a, b) => a.until - b.until);
    $("offering").hidden = !offers.length;
    keyed($("offers"), offers, (one) => one.offer, (one) => {
      const ringNode = document.createElementNS(SVG, "svg");
      ringNode.setAttribute("viewBox", "0 0 36 36");
      ringNode.setAttribute("class", "ring");
      ringNode.setAttribute("aria-hidden", "true");
      for (const name of ["track", "left"]) {
        const circle = document.createElementNS(SVG, "circle");
        for (const [key, value] of [["cx", 18], ["cy", 18], ["r", 15.9], ["class", name], ["pathLength", 100]]) circle.setAttribute(key, value);
        ringNode.append(circle);
      }
      const card = el("article", { class: "offer" },
        el("div", { class: "o-top" },
          el("div", { class: "o-ring" }, ringNode, el("span", { class: "o-left" })),
          el("div", { class: "o-who" }, el("strong"), el("span", { class: "o-where" }))),
        el("p", { class: "o-said" }),
        el("div", { class: "o-do" },
          el("button", { type: "button", class: "primary", "data-do": "accept" }),
          el("button", { type: "button", class: "plain", "data-do": "decline" })));
      card.querySelector("[data-do=accept]").addEventListener("click", (event) => accept(one.offer, event.currentTarget));
      card.querySelector("[data-do=decline]").addEventListener("click", () => decline(one.offer));
      return card;
    }, (card, one) => {
      const name = naming(one);
      card.setAttribute("aria-label", `${t("offers")}: ${name}`);
      put(card.querySelector("strong"), name);
      put(card.querySelector(".o-where"), `${title(one.queue)} · ${t("waited", spell(now() - one.since))}`);
      const last = [...one.lines].reverse().find((each) => each.who === "customer");
      put(card.querySelector(".o-said"), last ? last.text || (last.files || []).map((each) => each.name).join(", ") : "");
      const left = Math.max(0, one.until - now()), all = Math.max(1, one.until - one.from);
      put(card.querySelector(".o-left"), String(Math.ceil(left / 1000)));
      card.querySelector(".o-ring").title = t("seconds_left", Math.ceil(left / 1000));
      card.querySelector(".left").style.strokeDashoffset = String(100 - (100 * left) / all);
      card.dataset.state = left < 5000 ? "late" : "calm";
      const buttons = card.querySelectorAll("button");
      put(buttons[0], t("accept"));
      put(buttons[1], t("decline"));
      buttons[0].setAttribute("aria-label", `${t("accept")}: ${name}`);
      buttons[1].setAttribute("aria-label", `${t("decline")}: ${name}`);
    });
    if (!current()) showCustomer();
    showNothing();
    showTabs();
    showTitle();
  }
  function showNothing() {
    const none = !S.offers.size && !S.talks.size;
    $("nothing").hidden = !none;
    put($("nothing"), S.presence === "available" ? t("nothing") : t("nothing_away"));
  }
  function preview(talk) {
    if (talk.typing > now()) return t("is_typing", naming(talk));
    const last = [...talk.lines.values()].sort((a, b) => a.n - b.n).pop();
    if (!last) return "";
    const text = last.revised === "withdrawn" ? t("withdrawn") : last.text || (last.files || []).map((each) => each.name).join(", ");
    return last.who === "agent" ? `${t("you")}: ${text}` : text;
  }
  function showTalks() {
    const talks = [...S.talks.values()];
    $("talking").hidden = !talks.length;
    keyed($("talks"), talks, (one) => one.interaction,
      (one) => el("div", { role: "listitem" }, el("button", { type: "button", class: "talk", on: { click: () => go(one.interaction, true) } },
        el("span", { class: "face", "aria-hidden": "true" }),
        el("span", { class: "t-name" }), el("span", { class: "t-time" }),
        el("span", { class: "t-last" }), el("span", { class: "t-mark" }))),
      (node, one) => {
        const button = node.firstChild, name = naming(one);
        const face = button.querySelector(".face");
        put(face, initials(name));
        face.dataset.hue = hue(name);
        put(button.querySelector(".t-name"), name);
        put(button.querySelector(".t-last"), preview(one));
        const time = one.stage === "wrap" ? (one.until ? spell(one.until - now()) : "") : one.stage === "over" ? "" : spell(now() - one.accepted);
        put(button.querySelector(".t-time"), time);
        const mark = button.querySelector(".t-mark");
        put(mark, one.stage === "wrap" ? t("wrap_short") : one.stage === "over" ? t("over_short") : one.unread ? String(one.unread) : "");
        mark.dataset.kind = one.stage === "talk" ? "unread" : one.stage;
        mark.setAttribute("aria-label", one.stage === "talk" && one.unread ? t("new_messages", one.unread) : mark.textContent);
        button.setAttribute("aria-current", String(one.interaction === S.current));
        button.dataset.stage = one.stage;
      });
    showNothing();
    showTabs();
  }
  function showChat() {
    const talk = current();
    $("empty").hidden = Boolean(talk);
    $("open").hidden = !talk;
    for (const each of S.talks.values()) if (each.node) each.node.hidden = each !== talk;
    if (!talk) {
      $("empty").replaceChildren(icon("chat", "big"), el("h2", { text: t("empty") }), el("p", { text: t("empty_more") }), el("p", { class: "keys", text: t("keys") }));
      return;
    }
    if (!talk.node) {
      talk.node = el("div", { class: "log", role: "log", tabindex: "0", "aria-live": "polite" }, el("ol", { class: "lines" }), el("ol", { class: "pending" }));
      $("logs").append(talk.node);
      const log = talk.node; // (stays at its end when the window or the keyboard takes room)
      let room = log.clientHeight;
      log.addEventListener("scroll", () => {
        if (log.clientHeight !== room) return; // (the room has changed, the agent has not scrolled)
        talk.low = log.scrollHeight - log.scrollTop - room < 80;
      });
      new ResizeObserver(() => { room = log.clientHeight; if (talk.low !== false) log.scrollTop = log.scrollHeight; }).observe(log);
      drawLines(talk);
      drawPending(talk);
    }
    talk.node.setAttribute("aria-label", `${t("chat")}: ${naming(talk)}`);
    const name = naming(talk);
    const end = talk.stage !== "talk" ? null : talk.ending
      ? el("div", { class: "sure", role: "group", "aria-label": t("end_sure", name) },
        el("span", { text: t("end_sure", name) }),
        el("button", { type: "button", class: "danger", id: "end-yes", text: t("yes_end"), on: { click: () => { talk.ending = false; ask("end", { interaction: talk.interaction }); showChat(); } } }),
        el("button", { type: "button", class: "plain", id: "end-no", text: t("no"), on: { click: () => { talk.ending = false; showChat(); $("end").focus(); } } }))
      : el("button", { type: "button", class: "plain", id: "end", text: t("end"), on: { click: () => ending(talk) } });
    const had = document.activeElement && $("head").contains(document.activeElement) ? document.activeElement.id : "";
    $("head").replaceChildren(
      el("span", { class: "face", "data-hue": hue(name), text: initials(name), "aria-hidden": "true" }),
      el("div", { class: "h-who" }, el("h2", { text: name }), el("p", {}, icon(channelIcon(talk)), el("span", { text: `${title(talk.channel)} · ${title(talk.queue)}` }))),
      el("span", { class: "h-time", id: "h-time", text: talk.stage === "talk" ? spell(now() - talk.accepted) : "" }), end || "");
    if (had && $(had)) $(had).focus();
    showTyping();
    showFoot();
  }
  function ending(talk) { talk.ending = true; showChat(); $("end-yes").focus(); }
  function showTyping() {
    const talk = current();
    const on = talk && talk.stage === "talk" && talk.typing > now();
    const node = $("typing");
    if (on && !node.firstChild) node.replaceChildren(el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), el("span", { text: t("is_typing", naming(talk)) }));
    if (!on && node.firstChild) node.replaceChildren();
  }
  let footOf = "";
  function showFoot(force) {
    const talk = current();
    if (!talk) { footOf = ""; return; }
    const is = `${talk.interaction} ${talk.stage} ${lang} ${talk.choosing ? "choosing" : ""} ${talk.stage === "wrap" && talk.until ? "timed" : ""}`;
    if (is === footOf && !force) return;
    footOf = is;
    const foot = $("foot");
    if (talk.stage === "talk") composer(talk, foot);
    else if (talk.stage === "wrap") wrapper(talk, foot);
    else {
      const text = talk.why === "customer" ? t("over_customer") : talk.why === "patience" ? t("over_patience") : talk.why ? t("over", because(talk.why)) : t("over_meanwhile");
      foot.replaceChildren(el("div", { class: "overbar" }, el("p", { text }), el("button", { type: "button", class: "plain", "data-first": true, text: t("dismiss"), on: { click: () => { drop(talk.interaction); show(); focusSoon(); } } })));
    }
  }
  function composer(talk, foot) {
    const name = naming(talk);
    const box = el("textarea", { id: "box", rows: "1", maxlength: "10000", placeholder: t("write", name), "aria-label": t("write", name), value: S.drafts[talk.interaction] || "" });
    const size = () => { box.style.height = "auto"; box.style.height = Math.min(box.scrollHeight, 160) + "px"; };
    box.addEventListener("input", () => { draft(talk, box.value); size(); types(talk); });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); say(talk); }
    });
    box.addEventListener("paste", (event) => { for (const file of event.clipboardData.files) upload(talk, file); });
    const pick = el("input", { type: "file", multiple: true, hidden: true, id: "pick", on: { change: () => { for (const file of pick.files) upload(talk, file); pick.value = ""; box.focus(); } } });
    const choices = talk.choosing ? el("label", { class: "choices" }, el("span", { text: t("choices_label") }), el("input", { type: "text", id: "choices", maxlength: "430", value: talk.choices, placeholder: t("choices_hint"), on: { input: (event) => { talk.choices = event.target.value; }, keydown: (event) => { if (event.key === "Enter") { event.preventDefault(); say(talk); } } } })) : null;
    foot.replaceChildren(
      el("div", { id: "files", class: "files" }), choices || "",
      el("form", { class: "composer", on: { submit: (event) => { event.preventDefault(); say(talk); } } },
        pick,
        el("button", { type: "button", class: "quiet icon", id: "attach", title: t("attach"), "aria-label": t("attach"), on: { click: () => pick.click() } }, icon("clip")),
        el("button", { type: "button", class: "quiet icon", id: "choose", title: t("choices"), "aria-label": t("choices"), "aria-pressed": String(Boolean(talk.choosing)), on: { click: () => { talk.choosing = !talk.choosing; showFoot(true); $(talk.choosing ? "choices" : "box").focus(); } } }, icon("choices")),
        box,
        el("button", { type: "submit", class: "primary icon", id: "send", title: t("send"), "aria-label": t("send") }, icon("send"))));
    showFiles(talk);
    size();
  }
  function showFiles(talk) {
    const node = $("files");
    if (!node || talk !== current()) return;
    node.replaceChildren(...talk.files.map((file) => el("span", { class: "chip", "data-state": file.url ? "here" : "going" }, icon("file"), el("span", { text: file.name }), el("small", { text: bytes(file.size) }),
      el("button", { type: "button", class: "quiet icon", "aria-label": t("remove", file.name), on: { click: () => { talk.files = talk.files.filter((each) => each !== file); showFiles(talk); } } }, icon("x")))));
  }
  function wrapper(talk, foot) {
    const form = el("form", { class: "wrapper", "aria-labelledby": "wrap-title" });
    const options = S.dispositions.length
      ? el("div", { class: "options", role: "radiogroup", "aria-label": t("result") }, ...S.dispositions.map((each, at) =>
        el("label", {}, el("input", { type: "radio", name: "disposition", value: each, "data-first": at === 0, checked: talk.chosen === each, on: { change: () => { talk.chosen = each; form.querySelector("[type=submit]").disabled = false; } } }), el("span", { text: title(each) }))))
      : el("input", { type: "text", name: "disposition", maxlength: "200", "data-first": true, "aria-label": t("result"), placeholder: t("result"), on: { input: (event) => { form.querySelector("[type=submit]").disabled = !event.target.value.trim(); } } });
    form.append(
      el("div", { class: "w-top" }, el("h3", { id: "wrap-title", text: t("wrap") }), el("span", { class: "w-left", id: "w-left", role: "timer" })),
      el("div", { class: "w-bar", "aria-hidden": "true" }, el("i", { id: "w-bar" })),
      el("p", { text: t("wrap_long") }), options,
      el("div", { class: "w-do" },
        el("button", { type: "submit", class: "primary", id: "done", text: t("done"), disabled: !talk.chosen }),
        talk.until ? el("button", { type: "button", class: "plain", id: "extend", text: t("extend"), on: { click: () => ask("extend", { interaction: talk.interaction }) } }) : null));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = new FormData(form).get("disposition");
      if (chosen) ask("dispose", { interaction: talk.interaction, disposition: chosen.trim() });
    });
    foot.replaceChildren(form);
    ticking();
  }

  // --- lines --------------------------------------------------------------------------------
  function drawLines(talk) {
    talk.nodes = new Map();
    const list = talk.node.querySelector(".lines");
    list.replaceChildren();
    for (const each of [...talk.lines.values()].sort((a, b) => a.n - b.n)) drawLine(talk, each);
    drawPending(talk);
  }
  function drawLine(talk, one) {
    const list = talk.node.querySelector(".lines");
    const old = talk.nodes.get(one.n);
    const before = talk.lines.get(one.n - 1);
    const node = bubble(talk, one, before && before.who === one.who && before.name === one.name);
    if (old) old.replaceWith(node); else list.append(node);
    talk.nodes.set(one.n, node);
    if (one.choice) { // (the question shows which of its buttons was tapped)
      for (const each of talk.lines.values()) {
        if (each.n < one.n && each.buttons && each.buttons.some(([key]) => key === one.choice) && talk.nodes.get(each.n)) {
          const again = bubble(talk, each, talk.nodes.get(each.n).dataset.follows === "true");
          talk.nodes.get(each.n).replaceWith(again);
          talk.nodes.set(each.n, again);
        }
      }
    }
  }
  function bubble(talk, one, follows) {
    const mine = one.who === "agent";
    const who = mine ? one.name || t("you") : one.who === "flow" ? t("flow") : naming(talk);
    const body = el("div", { class: "bubble" });
    if (one.subject) body.append(el("strong", { class: "subject", text: one.subject }));
    if (one.revised === "withdrawn") body.append(el("em", { text: t("withdrawn") }));
    else if (one.text) body.append(el("p", { text: one.text }));
    for (const file of one.files || []) body.append(attached(file));
    if (one.buttons) {
      const taken = answerTo(talk, one);
      body.append(el("div", { class: "buttons" }, ...one.buttons.map(([key, label]) => el("span", { class: "choice", "data-taken": String(key === taken) }, key === taken ? icon("check") : null, label))));
    }
    const notes = [];
    if (one.choice) notes.push(t("chose"));
    if (one.automatic) notes.push(t("automatic_" + one.automatic));
    if (one.revised === "edited") notes.push(t("edited"));
    if (one.at) notes.push(hour(one.at));
    const foot = el("div", { class: "b-foot" }, el("span", { text: notes.join(" · ") }));
    if (mine) foot.append(tick(one.status || "sending"));
    return el("li", { class: "line", "data-who": one.who, "data-n": one.n, "data-status": one.status, "data-follows": String(Boolean(follows)), "data-automatic": one.automatic, "data-revised": one.revised },
      follows ? null : el("div", { class: "b-who" }, one.who === "flow" ? icon("bot") : null, el("span", { text: who })), body, foot);
  }
  function answerTo(talk, one) {
    for (const each of talk.lines.values()) if (each.n > one.n && each.choice && one.buttons.some(([key]) => key === each.choice)) return each.choice;
    return null;
  }
  function tick(status) {
    const marks = { sending: "", sent: "✓", delivered: "✓✓", read: "✓✓", failed: "!" };
    return el("span", { class: "tick", "data-status": status }, el("span", { "aria-hidden": "true", text: marks[status] ?? "" }), el("span", { class: status === "failed" ? "" : "hush", text: " " + t(status) }));
  }
  function drawPending(talk) {
    if (!talk.node) return;
    const mine = S.pending.filter((each) => each.interaction === talk.interaction);
    talk.node.querySelector(".pending").replaceChildren(...mine.map((one) =>
      el("li", { class: "line", "data-who": "agent", "data-pending": "true" },
        el("div", { class: "bubble" }, one.text ? el("p", { text: one.text }) : null, ...one.files.map((file) => el("span", { class: "file" }, icon("file"), el("span", { text: file.name })))),
        el("div", { class: "b-foot" }, tick(one.failed ? "failed" : "sending")))));
  }
  function attached(file) {
    const name = file.name || file.kind;
    if (/^https?:\/\//.test(file.url)) {
      return el("a", { class: "file", href: file.url, target: "_blank", rel: "noopener noreferrer nofollow", "aria-label": t("open_link", name) }, icon("file"), el("span", { text: name }), el("small", { text: bytes(file.size) }));
    }
    const button = el("button", { type: "button", class: "file", "aria-label": t("download", name), on: { click: () => download(file) } }, icon("down"), el("span", { text: name }), el("small", { text: bytes(file.size) }));
    if (!/^image\/(png|jpeg|gif|webp)$/.test(file.kind)) return button;
    const picture = el("img", { class: "picture", alt: name, hidden: true });
    fetched(file).then((url) => { picture.src = url; picture.hidden = false; picture.onload = () => URL.revokeObjectURL(url); }, () => undefined);
    return el("div", {}, picture, button);
  }
  function scroll(talk, always) {
    const log = talk.node;
    if (!log) return;
    const near = log.scrollHeight - log.scrollTop - log.clientHeight < 220;
    if (always || near) requestAnimationFrame(() => { log.scrollTop = log.scrollHeight; });
  }

  // --- the customer -------------------------------------------------------------------------
  function moment(what) {
    const words = WORDS[lang].moments;
    const named = (said) => (Object.hasOwn(S.names, said) ? S.names[said] : title(said));
    const rules = [
      [/^arrived$/, words.arrived], [/^wrote$/, words.wrote], [/^left$/, words.left],
      [/^withdrew a message$/, words.withdrew], [/^changed a message$/, words.changed], [/^has another identity$/, words.identity],
      [/^sent automatically \((.*)\)$/, words.automatic, (kind) => t("automatic_" + kind)],
      [/^queue (.*)$/, words.queue, named], [/^flow (.*)$/, words.flow, named], [/^refused by (\S+) \((.*)\)$/, words.refused, named, because],
      [/^agent (\S+) wrote$/, words.agent_wrote, named], [/^agent (.*)$/, words.agent, named],
      [/^over \((.*)\)$/, words.over, because], [/^waits again \((.*)\)$/, words.again, because],
    ];
    for (const [rule, text, ...says] of rules) {
      const found = rule.exec(what);
      if (found) return fill(text, says.map((say, at) => say(found[at + 1])));
    }
    return what;
  }
  function section(name, ...children) { return el("section", {}, el("h3", { text: name }), ...children); }
  function pairs(list) { return el("dl", { class: "pairs" }, ...list.map(([name, value, more]) => el("div", {}, el("dt", { text: name }), el("dd", {}, value, more ? el("small", { text: more }) : null)))); }
  function plainly(value) {
    if (value === null || value === undefined) return "–";
    if (Array.isArray(value)) return value.map(plainly).join(", ");
    if (typeof value === "boolean") return t(String(value));
    if (typeof value === "object") return Object.entries(value).map(([key, each]) => `${title(key)}: ${plainly(each)}`).join(", ");
    return String(value);
  }
  // Who had another contact of this customer last (the profile's `last_agent` counts this one as well).
  function servedBefore(talk) {
    const others = (talk.customer ? talk.customer.moments : []).filter((each) => each[2] !== talk.contact);
    const served = others.map((each) => /^agent (.*)$/.exec(each[3])).filter((found) => found && !found[1].endsWith(" wrote"));
    return served.length ? served[served.length - 1][1] : "";
  }
  let cardOf = "";
  function showCustomer() {
    const talk = current() || [...S.offers.values()][0] || null;
    const card = $("card");
    const is = talk ? JSON.stringify([talk.contact, talk.profile, talk.context, talk.claims, talk.customer, lang]) : lang;
    if (is === cardOf) return; // (nothing new: what is selected there stays so)
    cardOf = is;
    if (!talk) { card.replaceChildren(icon("user", "big"), el("p", { class: "none", text: t("nobody") })); return; }
    const name = naming(talk), profile = talk.profile || {}, known = talk.customer;
    const facts = [];
    if (profile.contacts) facts.push(profile.contacts === 1 ? t("known_once") : t("known", profile.contacts));
    else facts.push(profile.id ? t("first") : t("unknown"));
    const before = servedBefore(talk);
    if (before) facts.push(t("last_agent", agentName(before)));
    if (profile.language || talk.language) facts.push(t("speaks", languageName(profile.language || talk.language)));
    if (profile.open && profile.open.length) facts.push(t("also_open", profile.open.join(", ")));
    const parts = [el("div", { class: "c-top" }, el("span", { class: "face large", "data-hue": hue(name), text: initials(name), "aria-hidden": "true" }), el("h2", { text: name }), el("ul", { class: "facts" }, ...facts.map((each) => el("li", { text: each }))))];
    const answers = Object.entries(talk.context || {}).flatMap(([key, value]) => (key === "attributes" && value && typeof value === "object" ? Object.entries(value) : [[key, value]])).filter(([key]) => key !== "message" && key !== "profile");
    if (answers.length) parts.push(section(t("answers"), pairs(answers.map(([key, value]) => [fieldName(key), plainly(value)]))));
    const sure = new Map((talk.claims || []).map((claim) => [`${claim[0]} ${claim[1]}`, claim[2]]));
    const fields = (known ? known.fields : []).filter((each) => !each.field.includes("@"));
    if (fields.length) {
      parts.push(section(t("fields"), pairs(fields.map((each) => {
        const more = [sure.get(`${each.field} ${each.value}`)].filter(Boolean).map((word) => t(word));
        if (each.source && each.source !== talk.contact) more.push(t("from_source", each.source));
        if (each.others.length) more.push(t("others", each.others.join(", ")));
        return [fieldName(each.field), each.value, more.join(" · ")];
      }))));
    }
    const shown = new Set(fields.map((each) => `${each.field} ${each.value}`));
    const ids = (talk.claims || []).filter((claim) => !["name", "webchat"].includes(claim[0]) && !shown.has(`${claim[0]} ${claim[1]}`));
    if (ids.length) parts.push(section(t("said_ids"), pairs(ids.map((claim) => [fieldName(claim[0]), claim[1], t(claim[2])]))));
    if (known && known.moments.length) {
      const days = new Map();
      for (const each of known.moments) { const one = `${day(each[0])} · ${each[2]}`; if (!days.has(one)) days.set(one, []); days.get(one).push(each); }
      parts.push(section(t("timeline"), ...[...days].reverse().map(([one, moments]) => el("div", { class: "visit" }, el("h4", { text: `${one} · ${moments[0][1]}` }), el("ol", {}, ...merged(moments).map((each) => el("li", {}, el("time", { text: hour(each[0]) }), el("span", { text: moment(each[3]) + (each[4] > 1 ? ` ×${each[4]}` : "") }))))))));
    }
    card.replaceChildren(...parts);
  }
  function merged(moments) {
    const found = [];
    for (const each of moments) {
      const last = found[found.length - 1];
      if (last && last[3] === each[3]) last[4] += 1; else found.push([...each, 1]);
    }
    return found;
  }

  // --- narrow screens, title, time ----------------------------------------------------------
  function showTabs() {
    const unread = [...S.talks.values()].reduce((sum, each) => sum + each.unread, 0);
    const tabs = [["inbox", "inbox", t("inbox"), S.offers.size + unread], ["chat", "chat", t("chat"), 0], ["customer", "user", t("customer"), 0], ["wall", "wall", t("wall"), 0]];
    keyed($("tabs"), tabs, (one) => one[0],
      (one) => el("button", { type: "button", on: { click: () => { S.view = one[0]; document.body.dataset.view = one[0]; showTabs(); const target = $(one[0]); if (target) target.focus(); } } }, icon(one[1]), el("span"), el("b")),
      (node, one) => { put(node.querySelector("span"), one[2]); put(node.querySelector("b"), one[3] ? String(one[3]) : ""); node.setAttribute("aria-current", String(S.view === one[0])); });
  }
  function showTitle() {
    const unread = [...S.talks.values()].reduce((sum, each) => sum + each.unread, 0) + S.offers.size;
    document.title = `${unread ? `(${unread}) ` : ""}${S.name ? S.name + " · " : ""}${S.title}`;
  }
  function ticking() {
    if (S.offers.size) showOffers();
    if (S.talks.size) showTalks();
    showWall();
    showTyping();
    const talk = current();
    if (!talk) return;
    if (talk.stage === "talk" && $("h-time")) put($("h-time"), spell(now() - talk.accepted));
    if (talk.stage === "wrap" && $("w-left")) {
      put($("w-left"), talk.until ? t("wrap_left", spell(talk.until - now())) : t("wrap_open"));
      talk.long = Math.max(talk.long || 1, talk.until ? talk.until - now() : 1);
      $("w-bar").style.width = talk.until ? `${Math.max(0, Math.min(100, (100 * (talk.until - now())) / talk.long))}%` : "100%";
    }
  }
  setInterval(() => { if (S.me && !$("desk").hidden) ticking(); }, 500);
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || $("desk").hidden) return;
    const first = [...S.offers.values()].sort((a, b) => a.until - b.until)[0];
    const talk = current();
    if (event.code === "KeyA" && first) accept(first.offer);
    else if (event.code === "KeyD" && first) decline(first.offer);
    else if (event.code === "KeyE" && talk && talk.stage === "talk") ending(talk);
    else if (/^Digit[1-9]$/.test(event.code)) { const id = [...S.talks.keys()][Number(event.code.slice(5)) - 1]; if (!id) return; go(id, true); }
    else return;
    event.preventDefault();
  });
  $("language").addEventListener("click", () => { lang = lang === "vi" ? "en" : "vi"; remember("language", lang); footOf = ""; for (const talk of S.talks.values()) if (talk.node) drawLines(talk); show(); });
  $("theme").addEventListener("click", () => { theme = { auto: "light", light: "dark", dark: "auto" }[theme] || "auto"; remember("theme", theme); show(); });
  $("sound").addEventListener("click", () => { sound = !sound; remember("sound", sound ? "on" : "off"); show(); ring(); });
  $("leave").addEventListener("click", () => tell("sign out", {}));
  addEventListener("pointerdown", () => { if (audio && audio.state === "suspended") audio.resume(); });
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    S.view = "chat";
    document.body.dataset.view = S.view;
    showTabs();
    ($("foot").querySelector("textarea") || $("chat")).focus();
  });
  const signedIn = () => /^#[\w-]+\.[\w-]+$/.test(location.hash); // (else it is no token)
  addEventListener("hashchange", () => { if (signedIn()) start(); });

  function start() {
    if (signedIn()) {
      S.token = location.hash.slice(1);
      keep("token", S.token);
      history.replaceState(null, "", location.pathname + location.search);
    } else S.token = kept("token");
    document.documentElement.lang = lang;
    document.documentElement.dataset.theme = theme;
    stopped = false;
    if (socket) { const old = socket; socket = null; old.close(); }
    if (S.token) connect(); else gate(t("no_token"));
  }
  start();
})();
