// The widget of a tongdai web chat. One file, no dependency, no build step.
//
// Rule: what somebody has written is in the outbox (localStorage) until the server acknowledges it,
// under an id that never changes, so that it may be sent as often as need be. What the server says is
// numbered; on every connection the widget tells the last number that it has. What people write is
// only ever put into a page as text.
//
//   <script src="/chat/widget.js" data-language="vi" data-title="..." data-color="#0f766e"></script>
(() => {
  "use strict";

  const script = document.currentScript;
  if (!script || window.TongdaiChat) return;
  const set = script.dataset;
  const base = new URL(set.url ? set.url.replace(/\/?$/, "/") : ".", script.src);

  // --- words -------------------------------------------------------------------------------------

  const WORDS = {
    vi: {
      title: "Trò chuyện với chúng tôi",
      subtitle: "Chúng tôi sẵn sàng hỗ trợ bạn",
      greeting: "Xin chào! Chúng tôi có thể giúp gì cho bạn?",
      launch: "Mở cửa sổ trò chuyện",
      launched: "Đóng cửa sổ trò chuyện",
      unread: (count) => `${count} tin nhắn chưa đọc`,
      close: "Thu nhỏ",
      leave: "Kết thúc trò chuyện",
      sure: "Kết thúc cuộc trò chuyện này?",
      yes: "Kết thúc",
      no: "Tiếp tục",
      log: "Nội dung trò chuyện",
      input: "Tin nhắn của bạn",
      write: "Nhập tin nhắn…",
      anew: "Nhắn để bắt đầu lại…",
      send: "Gửi",
      attach: "Đính kèm tệp",
      drop: "Bỏ tệp",
      uploading: "Đang tải lên",
      tooLarge: (most) => `Tệp quá lớn (tối đa ${most})`,
      badKind: "Loại tệp này không được hỗ trợ",
      tooMany: (most) => `Tối đa ${most} tệp mỗi tin nhắn`,
      failedFile: "Không tải lên được",
      offline: "Mất kết nối. Đang thử kết nối lại…",
      offlineKept: "Mất kết nối. Tin nhắn sẽ được gửi khi có mạng trở lại.",
      refused: "Không kết nối được với cuộc trò chuyện.",
      retry: "Thử ngay",
      sending: "Đang gửi",
      sent: "Đã gửi",
      delivered: "Đã nhận",
      read: "Đã xem",
      failed: "Không gửi được",
      typing: (name) => (name ? `${name} đang nhập…` : "Đang nhập…"),
      served: (name) => `${name} đã tham gia cuộc trò chuyện`,
      serves: "Đang hỗ trợ bạn",
      closed: "Cuộc trò chuyện đã kết thúc",
      left: "Bạn đã kết thúc cuộc trò chuyện",
      waits: "Đang tìm nhân viên hỗ trợ bạn…",
      place: (place) => (place === 1 ? "Bạn là người tiếp theo" : `Bạn đang ở vị trí thứ ${place}`),
      still: (seconds) =>
        seconds < 60 ? "chưa đến 1 phút" : `khoảng ${Math.ceil(seconds / 60)} phút`,
      you: "Bạn",
      today: "Hôm nay",
      yesterday: "Hôm qua",
      newer: "Tin nhắn mới",
      file: "Tệp",
    },
    en: {
      title: "Chat with us",
      subtitle: "We are here to help",
      greeting: "Hello! How can we help you?",
      launch: "Open the chat",
      launched: "Close the chat",
      unread: (count) => `${count} unread ${count === 1 ? "message" : "messages"}`,
      close: "Minimise",
      leave: "End the chat",
      sure: "End this chat?",
      yes: "End it",
      no: "Keep it",
      log: "Conversation",
      input: "Your message",
      write: "Write a message…",
      anew: "Write to start anew…",
      send: "Send",
      attach: "Attach a file",
      drop: "Remove the file",
      uploading: "Uploading",
      tooLarge: (most) => `The file is too large (at most ${most})`,
      badKind: "Files of this kind are not accepted",
      tooMany: (most) => `At most ${most} files in one message`,
      failedFile: "Could not be uploaded",
      offline: "Connection lost. Trying again…",
      offlineKept: "Connection lost. Your message will be sent when you are back online.",
      refused: "The chat cannot be reached.",
      retry: "Try now",
      sending: "Sending",
      sent: "Sent",
      delivered: "Delivered",
      read: "Read",
      failed: "Not sent",
      typing: (name) => (name ? `${name} is typing…` : "Typing…"),
      served: (name) => `${name} joined the chat`,
      serves: "Is helping you",
      closed: "The chat has ended",
      left: "You ended the chat",
      waits: "Finding somebody to help you…",
      place: (place) => (place === 1 ? "You are next in line" : `You are number ${place} in line`),
      still: (seconds) =>
        seconds < 60 ? "less than a minute" : `about ${Math.ceil(seconds / 60)} min`,
      you: "You",
      today: "Today",
      yesterday: "Yesterday",
      newer: "New messages",
      file: "File",
    },
  };
  const wanted = (set.language || document.documentElement.lang || "vi").toLowerCase();
  const language = wanted.startsWith("en") ? "en" : "vi";
  const say = WORDS[language];

  // --- small helpers -----------------------------------------------------------------------------

  const h = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "test") element.setAttribute("data-testid", `tongdai-${value}`);
      else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const SVG = "http://www.w3.org/2000/svg";
  const icon = (name) => {
    const element = document.createElementNS(SVG, "svg");
    element.setAttribute("viewBox", "0 0 24 24");
    element.setAttribute("aria-hidden", "true");
    element.setAttribute("class", "icon");
    for (const d of ICONS[name]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", d);
      element.append(path);
    }
    return element;
  };
  const ICONS = {
    chat: ["M4 12a8 8 0 1 1 3.6 6.7L4 20l1.2-3.7A8 8 0 0 1 4 12Z", "M8.5 10.5h7", "M8.5 14h4.5"],
    down: ["M6 9.5l6 6 6-6"],
    send: ["M4.5 12 20 4.5 15.5 20l-4-6.5z", "M11.5 13.5 20 4.5"],
    clip: ["M19 11.5l-7.2 7.2a4.6 4.6 0 0 1-6.5-6.5l7.7-7.7a3 3 0 0 1 4.3 4.3l-7.6 7.6a1.5 1.5 0 0 1-2.1-2.1l6.8-6.9"],
    leave: ["M14 4.5H6.5A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.5H14", "M10.5 12H20", "M16.5 8.5 20 12l-3.5 3.5"],
    sending: ["M12 4.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15Z", "M12 8v4.2l2.6 1.6"],
    sent: ["M5 12.8l4.4 4.4L19 7.5"],
    delivered: ["M2.5 12.8l4.4 4.4L16 8", "M12.2 16.6l.7.6L22 8"],
    failed: ["M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16Z", "M12 8v5", "M12 16.2v.1"],
    file: ["M7 3.5h7l4 4V19a1.5 1.5 0 0 1-1.5 1.5h-9.5A1.5 1.5 0 0 1 5.5 19V5A1.5 1.5 0 0 1 7 3.5Z", "M13.5 3.8V8H18"],
    cross: ["M6.5 6.5l11 11", "M17.5 6.5l-11 11"],
    more: ["M12 5v13", "M6.5 12.5 12 18l5.5-5.5"],
  };
  ICONS.read = ICONS.delivered;

  const storage = (() => {
    const prefix = `tongdai:${base.host}${base.pathname}:`;
    const memory = new Map(); // what the browser does not keep: it lasts as long as the page
    let local = null;
    try {
      local = window.localStorage;
      local.setItem(`${prefix}test`, "");
      local.removeItem(`${prefix}test`);
    } catch {
      local = null; // (not allowed here)
    }
    return {
      get: (name) => (memory.has(name) ? memory.get(name) : local && local.getItem(prefix + name)) || "",
      put(name, value) {
        try {
          local.setItem(prefix + name, value);
          memory.delete(name);
        } catch {
          memory.set(name, value); // (full, or there is none)
        }
      },
      drop(name) {
        memory.delete(name);
        if (local) local.removeItem(prefix + name);
      },
      names() {
        const names = new Set(memory.keys());
        for (let at = 0; local && at < local.length; at += 1) {
          const name = local.key(at);
          if (name && name.startsWith(prefix)) names.add(name.slice(prefix.length));
        }
        return [...names];
      },
    };
  })();

  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const bytes = (size) =>
    size < 1024 * 1024 ? `${Math.max(1, Math.round(size / 1024))} KB` : `${(size / 1048576).toFixed(1)} MB`;
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const calendar = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });
  const day = (at) => new Date(at).toDateString();
  const dayName = (at) => {
    if (day(at) === day(Date.now())) return say.today;
    if (day(at) === day(Date.now() - 86400000)) return say.yesterday;
    return calendar.format(at);
  };

  // --- the outbox: what the server has not acknowledged --------------------------------------------

  const outbox = {
    add(frame, shown) {
      // (after all that is there already, also where the clock was put back)
      const last = storage.names().filter((each) => each.startsWith("out:")).sort().pop();
      const order = Math.max(Date.now(), last ? Number(last.split(":")[1]) + 1 : 0);
      storage.put(`out:${String(order).padStart(15, "0")}:${frame.id}`, JSON.stringify({ frame, shown }));
    },
    all() {
      const found = [];
      for (const name of storage.names().filter((each) => each.startsWith("out:")).sort()) {
        try {
          found.push(JSON.parse(storage.get(name)));
        } catch {
          storage.drop(name);
        }
      }
      return found;
    },
    drop(id) {
      for (const name of storage.names()) {
        if (name.startsWith("out:") && name.endsWith(`:${id}`)) storage.drop(name);
      }
    },
  };

  // --- what is known -------------------------------------------------------------------------------

  let lines = []; // by n; those without one are on their way, and stand last
  const byNumber = new Map();
  const byId = new Map();
  const state = {
    open: false, epoch: "", last: 0, agent: "", waiting: null, typing: false,
    marks: { taken: 0, delivered: 0, read: 0, got: 0, seen: 0 },
    limits: { text: 4000, file: 0, files: 5, kinds: [] },
    line: "off", // off, connecting, on
    refused: false,
  };
  const listeners = {};
  const tell = (name, detail) => (listeners[name] || []).forEach((each) => each(detail));

  const place = (line) => {
    // Those without a number come last, in their own order; a line that comes while they are under
    // way has most likely been said after them.
    const rank = (each) => each.n || each.guess || Number.MAX_SAFE_INTEGER;
    let at = lines.length;
    while (at > 0 && rank(lines[at - 1]) > rank(line)) at -= 1;
    lines.splice(at, 0, line);
  };
  const take = (item) => {
    const had = byNumber.get(item.n); // (also one that a server knew that has lost its histories)
    if (had && had.at === item.at && (had.text || "") === (item.text || "")) return null;
    const mine = item.id ? byId.get(item.id) : null;
    if (mine) {
      number(mine, item.n, item.at);
      return mine;
    }
    // (ours that were written to this socket are most likely before it)
    for (const each of lines) if (!each.n && !each.guess && each.on === connection) each.guess = item.n - 0.5;
    const line = { ...item };
    byNumber.set(line.n, line);
    if (line.id) byId.set(line.id, line);
    place(line);
    return line;
  };
  const number = (line, n, at) => {
    line.n = n;
    line.at = at || line.at;
    byNumber.set(n, line);
    lines.splice(lines.indexOf(line), 1);
    place(line);
  };
  const stateOf = (line) => {
    const { marks } = state;
    if (line.failed) return "failed";
    if (line.n && line.n <= marks.read) return "read";
    if (line.n && (line.n <= marks.delivered || line.delivered)) return "delivered";
    if (line.acked || (line.n && line.n <= marks.taken)) return "sent";
    return "sending";
  };
  const running = () => {
    for (let at = lines.length - 1; at >= 0; at -= 1) {
      if (lines[at].kind === "left" || lines[at].kind === "closed") return false;
      if (lines[at].who === "me") return true;
    }
    return false;
  };

  // --- the connection ------------------------------------------------------------------------------

  let socket = null;
  let connection = 0; // counts sockets, so that late news of an old one is told from the present one
  let failures = 0;
  let timer = 0;
  let heard = 0;
  let known = false; // the identity was told once on this page
  let used = ""; // the token of the last socket
  let identity = set.identity || "";
  const first = Math.max(20, Number(set.retry) || 500);

  const subject = () => {
    try {
      return JSON.parse(atob(identity.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
    } catch {
      return "";
    }
  };
  const session = async (refused) => {
    const token = storage.get("token");
    if (token && token !== refused && (!identity || known)) return token;
    const ask = (body) =>
      fetch(new URL("session", base), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const sent = { token };
    if (identity) sent.identity = identity;
    let answer = await ask(sent);
    if ((answer.status === 400 || answer.status === 401) && identity) {
      console.warn("tongdai: data-identity is not taken:", (await answer.json()).error);
      answer = await ask({ token });
    } else if (identity) {
      storage.put("user", subject());
    }
    if (!answer.ok) throw new Error(String(answer.status));
    known = true;
    const made = (await answer.json()).token;
    const meanwhile = storage.get("token");
    if (!identity && meanwhile && meanwhile !== token) return meanwhile; // (another tab was sooner)
    storage.put("token", made);
    return made;
  };

  const connect = async (refused = "") => {
    clearTimeout(timer);
    if (state.line !== "off") return;
    state.line = "connecting";
    const mine = (connection += 1);
    let token;
    try {
      token = await session(refused);
    } catch {
      if (mine === connection) lost();
      return;
    }
    if (mine !== connection) return;
    used = token;
    const url = new URL("socket", base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.onopen = () => {
      if (mine === connection) write({ t: "hello", token, epoch: state.epoch, after: state.last });
    };
    socket.onmessage = (event) => {
      if (mine !== connection) return;
      heard = Date.now();
      hear(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (mine === connection) lost(event.code);
    };
    heard = Date.now();
  };
  const lost = (code) => {
    state.line = "off";
    state.typing = false;
    state.refused = code === 4400 || code === 4413;
    if (state.refused) {
      // Frames are read in order: what comes first of what was not acknowledged cannot be read, and
      // would be sent again for ever, with all that stands behind it.
      const bad = outbox.all().map(({ frame }) => byId.get(frame.id)).find((line) => line && line.on === connection);
      if (bad) {
        outbox.drop(bad.id);
        bad.failed = true;
        state.refused = false;
      }
    }
    connection += 1;
    socket = null;
    failures += 1;
    let wait = Math.min(30000, first * 2 ** Math.min(failures - 1, 10));
    if (code === 4429 || state.refused) wait = Math.max(wait, 5000);
    wait *= 0.5 + Math.random() / 2;
    timer = setTimeout(() => connect(code === 4401 ? used : ""), wait);
    paint();
    setTimeout(paint, 1600); // (the banner waits a moment)
    state.since = state.since || Date.now();
  };
  const again = () => {
    failures = 0;
    if (state.line === "off" && wantsLine()) connect();
  };
  const write = (frame) => {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  const wantsLine = () => state.open || Boolean(storage.get("talked")) || outbox.all().length > 0;
  const flush = () => {
    if (state.line !== "on") return;
    for (const { frame } of outbox.all()) {
      const line = byId.get(frame.id);
      if (!line || line.on === connection) continue;
      line.on = connection;
      write(frame);
    }
  };
  setInterval(() => {
    if (state.line === "off" || !socket) return;
    const silent = Date.now() - heard;
    if (silent > 40000) socket.close();
    else if (silent > 24000) write({ t: "ping" });
    if (silent > 45000) lost();
  }, 5000);

  const hear = (frame) => {
    switch (frame.t) {
      case "welcome": {
        state.line = "on";
        state.since = 0;
        failures = 0;
        if (state.epoch && state.epoch !== frame.epoch) {
          // The server has lost what it had, and tells all that it has now; what is shown stays.
          state.last = 0;
        }
        state.epoch = frame.epoch;
        state.agent = frame.agent || "";
        state.waiting = frame.waiting ? frame : null;
        state.limits = { text: frame.text || 4000, file: frame.file, files: frame.files, kinds: frame.kinds || [] };
        state.marks = frame.marks;
        for (const name of ["taken", "delivered", "read", "got", "seen"]) state.marks[name] ||= 0;
        flush();
        break;
      }
      case "items":
        for (const item of frame.items) {
          state.last = Math.max(state.last, item.n);
          const line = take(item);
          if (!line) continue;
          if (item.who === "them") {
            state.typing = false;
            tell("message", { text: item.text || "", name: item.name || "" });
          }
          storage.put("talked", "1");
        }
        break;
      case "ack": {
        outbox.drop(frame.id);
        const line = byId.get(frame.id);
        state.last = Math.max(state.last, frame.n);
        if (line) {
          line.acked = true;
          line.delivered = frame.delivered;
          if (!line.n) number(line, frame.n, frame.at);
        }
        storage.put("talked", "1");
        break;
      }
      case "marks":
        for (const name of ["taken", "delivered", "read", "got", "seen"]) {
          state.marks[name] = Math.max(state.marks[name], frame[name] || 0);
        }
        for (const line of lines) if (line.id && line.n && line.n <= state.marks.taken && line.on !== connection) outbox.drop(line.id);
        break;
      case "typing":
        state.typing = true;
        clearTimeout(state.typed);
        state.typed = setTimeout(() => { state.typing = false; paint(); }, 6000);
        break;
      case "waiting":
        state.waiting = frame;
        state.agent = "";
        break;
      case "served":
        state.waiting = null;
        state.agent = frame.agent || "";
        break;
      case "error": {
        outbox.drop(frame.id);
        const line = byId.get(frame.id);
        if (!line) break;
        const asked = byNumber.get(line.to);
        if (asked) asked.over = true;
        if (frame.code === "answered") {
          lines = lines.filter((each) => each !== line);
          byId.delete(frame.id);
        } else {
          line.failed = true;
        }
        break;
      }
      default:
    }
    paint();
  };

  const post = (frame, shown) => {
    outbox.add(frame, shown);
    const line = { id: frame.id, at: Date.now(), who: "me", kind: "text", ...shown };
    byId.set(line.id, line);
    place(line);
    bottom = true;
    if (state.line === "on") flush();
    else again();
    paint();
  };

  const wipe = () => {
    for (const name of storage.names()) storage.drop(name);
  };
  const forget = () => {
    connection += 1;
    clearTimeout(timer);
    if (socket) socket.close();
    socket = null;
    identity = "";
    wipe();
    ui.input.value = "";
    lines = [];
    byNumber.clear();
    byId.clear();
    Object.assign(state, { epoch: "", last: 0, agent: "", waiting: null, typing: false, line: "off" });
    state.marks = { taken: 0, delivered: 0, read: 0, got: 0, seen: 0 };
    paint();
  };

  // --- colours -------------------------------------------------------------------------------------

  const rgb = (text) => {
    const probe = document.createElement("canvas").getContext("2d");
    if (!probe) return [15, 118, 110];
    probe.fillStyle = "#0f766e";
    probe.fillStyle = text;
    const found = /^#(..)(..)(..)$/.exec(probe.fillStyle);
    return found ? found.slice(1).map((part) => parseInt(part, 16)) : [15, 118, 110];
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const blend = (one, other, share) => one.map((part, at) => Math.round(part + (other[at] - part) * share));
  const legible = (colour, on, towards, least) => {
    let found = colour;
    for (let step = 1; step <= 20 && contrast(found, on) < least; step += 1) {
      found = blend(colour, towards, step / 20);
    }
    return found;
  };
  const css = (colour) => `rgb(${colour.join(" ")})`;
  const WHITE = [255, 255, 255];
  const BLACK = [0, 0, 0];
  const INK = [15, 23, 42];
  const NIGHT = [17, 24, 39];
  const accent = rgb(set.color || "#0f766e");
  const ink = contrast(accent, WHITE) >= 4.5 || contrast(accent, WHITE) > contrast(accent, INK) ? WHITE : INK;
  const solid = legible(accent, ink, ink === WHITE ? BLACK : WHITE, 4.6);
  const colours = {
    "--accent": css(solid),
    "--accent-2": css(blend(solid, ink === WHITE ? BLACK : WHITE, 0.22)),
    "--on-accent": css(ink),
    "--link": css(legible(accent, WHITE, BLACK, 4.6)),
    "--link-dark": css(legible(accent, [31, 41, 55], WHITE, 4.6)),
    "--tint": css(blend(solid, WHITE, 0.9)),
    "--tint-dark": css(blend(solid, NIGHT, 0.78)),
  };

  // --- the look ------------------------------------------------------------------------------------

  const STYLE = `
:host { all: initial; position: fixed; z-index: 2147483000; inset: auto; --gap: max(20px, env(safe-area-inset-bottom));
  --bg: #fff; --page: #f6f7f9; --ink: #0f172a; --soft: #5b6677; --rule: #e3e7ed; --bubble: #fff; --lnk: var(--link); --tnt: var(--tint);
  --warn-bg: #fff4e0; --warn: #7a4100; --bad: #b3261e; --field: #fff; --field-rule: #8793a5;
  font: 400 15px/1.45 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif; color: var(--ink); }
:host([data-dark]) { --bg: #111827; --page: #0b1220; --ink: #f1f5f9; --soft: #a3afc0; --rule: #273244; --bubble: #1f2937; --lnk: var(--link-dark);
  --tnt: var(--tint-dark); --warn-bg: #3a2a0c; --warn: #ffd8a1; --bad: #ff9d94; --field: #0b1220; --field-rule: #66758c; color-scheme: dark; }
* { box-sizing: border-box; margin: 0; padding: 0; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; -webkit-tap-highlight-color: transparent; touch-action: manipulation; }
button:disabled { cursor: default; }
:focus { outline: none; }
:focus-visible { outline: 3px solid var(--lnk); outline-offset: 2px; }
.icon { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }
.hide { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.launcher { position: fixed; bottom: var(--gap); right: 20px; width: 60px; height: 60px; border-radius: 50%; background: linear-gradient(145deg, var(--accent), var(--accent-2)); color: var(--on-accent);
  display: grid; place-items: center; box-shadow: 0 6px 24px rgb(15 23 42 / .26), 0 2px 6px rgb(15 23 42 / .18); transition: transform .18s ease, box-shadow .18s ease; }
.left .launcher { right: auto; left: 20px; }
.launcher:hover { transform: translateY(-2px) scale(1.03); box-shadow: 0 10px 30px rgb(15 23 42 / .3); }
.launcher:active { transform: scale(.96); }
.launcher:focus-visible { outline-color: var(--link); box-shadow: 0 0 0 2px #fff; }
.launcher .icon { width: 31px; height: 31px; grid-area: 1 / 1; transition: transform .2s ease, opacity .2s ease; }
.launcher .icon:nth-child(2), .open .launcher .icon:nth-child(1) { opacity: 0; transform: rotate(-45deg) scale(.6); }
.open .launcher .icon:nth-child(2) { opacity: 1; transform: none; }
.badge { position: absolute; top: -3px; right: -3px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px; background: #c81e1e; color: #fff; font-size: 12px; font-weight: 700; line-height: 22px; text-align: center; border: 0; box-shadow: 0 0 0 2px #fff; }
.panel { position: fixed; bottom: calc(var(--gap) + 76px); right: 20px; width: min(388px, calc(100vw - 32px)); height: min(660px, calc(100vh - 120px)); height: min(660px, calc(100dvh - 120px));
  background: var(--bg); border-radius: 18px; overflow: hidden; display: flex; flex-direction: column; box-shadow: 0 18px 60px rgb(15 23 42 / .24), 0 4px 14px rgb(15 23 42 / .12), 0 0 0 1px rgb(15 23 42 / .05);
  transform-origin: bottom right; animation: rise .22s cubic-bezier(.2, .9, .3, 1.1); }
:host([data-dark]) .panel { box-shadow: 0 18px 60px rgb(0 0 0 / .6), 0 0 0 1px #273244; }
.left .panel { right: auto; left: 20px; transform-origin: bottom left; }
@keyframes rise { from { opacity: 0; transform: translateY(14px) scale(.97); } }
.head { display: flex; align-items: center; gap: 12px; padding: 14px 8px 14px 18px; background: linear-gradient(120deg, var(--accent), var(--accent-2)); color: var(--on-accent); flex: none; }
.head :focus-visible { outline-color: var(--on-accent); outline-offset: -4px; }
.face { position: relative; width: 42px; height: 42px; border-radius: 50%; display: grid; place-items: center; font-weight: 700; font-size: 17px; flex: none; color: var(--on-accent); box-shadow: inset 0 0 0 2px currentColor; }
.face .dot { position: absolute; right: -1px; bottom: -1px; width: 13px; height: 13px; border-radius: 50%; background: #94a3b8; border: 2.5px solid var(--accent); }
.face .dot.on { background: #4ade80; }
.who { flex: 1; min-width: 0; }
.title { font-size: 16.5px; font-weight: 700; line-height: 1.3; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.status { font-size: 13px; line-height: 1.35; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.tool { width: 44px; height: 44px; border-radius: 12px; display: grid; place-items: center; flex: none; }
.tool + .tool { margin-left: -12px; }
.head .tool:hover { background: rgb(255 255 255 / .16); }
.bar { flex: none; font-size: 13.5px; display: flex; align-items: center; gap: 10px; padding: 9px 16px; border-bottom: 1px solid var(--rule); }
.bar button { font-weight: 650; min-height: 44px; margin: -9px 0; padding: 0 8px; text-decoration: underline; text-underline-offset: 3px; white-space: nowrap; color: inherit; }
.bar span { flex: 1; min-width: 0; }
.banner { background: var(--warn-bg); color: var(--warn); }
.waiting { background: var(--tnt); color: var(--ink); padding: 12px 16px; }
.waiting b { font-weight: 650; display: block; }
.waiting small { font-size: 13px; color: var(--ink); opacity: .85; }
.spin { width: 22px; height: 22px; flex: none; border-radius: 50%; border: 3px solid var(--rule); border-top-color: var(--lnk); animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
.sure { background: var(--bg); }
.sure button.yes { color: var(--bad); }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; background: var(--page); padding: 18px 14px 10px; display: flex; flex-direction: column; scrollbar-width: thin; }
.log > :first-child { margin-top: auto; }
.hello { text-align: left; }
.row { display: flex; flex-direction: column; align-items: flex-start; max-width: 84%; margin-top: 3px; }
.row.first { margin-top: 14px; }
.row.me { align-self: flex-end; align-items: flex-end; }
.name { font-size: 12.5px; font-weight: 600; color: var(--soft); margin: 0 0 4px 12px; }
.bubble { padding: 9px 14px; border-radius: 18px; background: var(--bubble); box-shadow: 0 1px 2px rgb(15 23 42 / .1); white-space: pre-wrap; overflow-wrap: anywhere; max-width: 100%; }
:host([data-dark]) .bubble { box-shadow: none; }
.row.them.last .bubble { border-bottom-left-radius: 6px; }
.row.me .bubble { background: var(--accent); color: var(--on-accent); box-shadow: none; }
.row.me.last .bubble { border-bottom-right-radius: 6px; }
.bubble a { color: var(--lnk); text-underline-offset: 2px; }
.row.me .bubble a { color: inherit; }
.meta { display: none; align-items: center; gap: 4px; font-size: 12px; color: var(--soft); margin: 4px 6px 0; font-variant-numeric: tabular-nums; }
.row.last .meta, .row[data-state=failed] .meta, .row[data-state=sending] .meta { display: flex; }
.meta .icon { width: 17px; height: 17px; stroke-width: 2.1; }
.row[data-state=read] .meta .icon { color: var(--lnk); }
.row[data-state=failed] .meta { color: var(--bad); font-weight: 600; }
.choices { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
.choice { min-height: 44px; padding: 8px 16px; border-radius: 22px; border: 1.5px solid var(--lnk); color: var(--lnk); background: var(--bg); font-weight: 600; text-align: left; transition: background .12s; overflow-wrap: anywhere; }
.choice:not(:disabled):hover { background: var(--tnt); }
.choice:disabled { border-color: var(--rule); color: var(--soft); font-weight: 500; }
.choice.chosen:disabled { background: var(--tnt); border-color: var(--lnk); color: var(--ink); font-weight: 600; }
.note, .day { align-self: center; text-align: center; font-size: 12.5px; color: var(--soft); margin: 16px 0 2px; max-width: 90%; }
.note.end { width: 100%; max-width: 100%; display: flex; align-items: center; gap: 12px; }
.note.end::before, .note.end::after { content: ""; flex: 1; height: 1px; background: var(--rule); }
.files { display: flex; flex-direction: column; gap: 6px; max-width: 100%; }
.bubble + .files, .files + .bubble { margin-top: 4px; }
.file { display: flex; align-items: center; gap: 10px; min-height: 48px; padding: 8px 14px 8px 10px; border-radius: 14px; background: var(--bubble); color: var(--ink); text-decoration: none; max-width: 100%; box-shadow: 0 0 0 1px var(--rule); }
.file:hover { box-shadow: 0 0 0 1.5px var(--lnk); }
.file .icon { color: var(--lnk); width: 26px; height: 26px; stroke-width: 1.6; }
.file span { min-width: 0; }
.file b { display: block; font-weight: 600; font-size: 14px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.file small { font-size: 12.5px; color: var(--soft); }
.picture { display: block; border-radius: 14px; overflow: hidden; box-shadow: 0 0 0 1px var(--rule); line-height: 0; background: var(--bubble); }
.picture img { max-width: 100%; width: 240px; max-height: 260px; min-height: 60px; object-fit: cover; color: var(--soft); font-size: 13px; line-height: 1.4; }
.dots { align-self: flex-start; display: flex; gap: 5px; padding: 14px 16px; margin-top: 12px; border-radius: 18px; border-bottom-left-radius: 6px; background: var(--bubble); box-shadow: 0 1px 2px rgb(15 23 42 / .1); }
.dots i { width: 8px; height: 8px; border-radius: 50%; background: var(--soft); animation: hop 1.2s ease-in-out infinite; }
.dots i:nth-child(2) { animation-delay: .15s; } .dots i:nth-child(3) { animation-delay: .3s; }
@keyframes hop { 0%, 60%, 100% { transform: none; opacity: .5; } 30% { transform: translateY(-5px); opacity: 1; } }
.newer { position: absolute; left: 50%; transform: translateX(-50%); bottom: calc(100% + 10px); min-height: 44px; padding: 0 18px 0 12px; border-radius: 22px; background: var(--accent); color: var(--on-accent); font-weight: 600; font-size: 13.5px; display: flex; align-items: center; gap: 6px; box-shadow: 0 4px 16px rgb(15 23 42 / .25); }
.foot { position: relative; flex: none; background: var(--bg); border-top: 1px solid var(--rule); padding: 10px 10px max(10px, env(safe-area-inset-bottom)); }
.compose { display: flex; align-items: flex-end; gap: 4px; }
textarea { flex: 1; min-width: 0; resize: none; border: 1px solid var(--field-rule); border-radius: 22px; padding: 10px 16px; font-size: 16px; line-height: 22px; height: 44px; max-height: 132px; background: var(--field); color: var(--ink); overflow-y: auto; scrollbar-width: thin; }
textarea::placeholder { color: var(--soft); opacity: 1; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
textarea:focus { border-color: var(--lnk); box-shadow: 0 0 0 1px var(--lnk); outline: none; }
.compose .tool { border-radius: 50%; color: var(--soft); }
.compose .tool:hover { color: var(--ink); background: var(--page); }
.compose .send { background: var(--accent); color: var(--on-accent); margin-left: 2px; transition: background .15s, transform .15s; }
.compose .send:hover { background: var(--accent-2); color: var(--on-accent); }
.compose .send:disabled { background: var(--rule); color: var(--soft); }
.compose .send:not(:disabled):active { transform: scale(.93); }
.chips { display: flex; flex-direction: column; gap: 6px; padding: 0 2px 8px; max-height: 168px; overflow-y: auto; }
.chip { position: relative; display: flex; align-items: center; gap: 8px; padding: 2px 2px 2px 12px; border-radius: 12px; background: var(--page); font-size: 13.5px; overflow: hidden; }
.chip b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: 0 1 auto; min-width: 40px; }
.chip small { color: var(--soft); flex: 1; white-space: nowrap; font-size: 12.5px; }
.chip.bad small { color: var(--bad); white-space: normal; }
.chip progress { position: absolute; left: 0; right: 0; bottom: 0; width: 100%; height: 3px; appearance: none; border: 0; background: none; accent-color: var(--lnk); }
.chip progress::-webkit-progress-bar { background: none; } .chip progress::-webkit-progress-value { background: var(--lnk); transition: width .2s; } .chip progress::-moz-progress-bar { background: var(--lnk); }
@media (max-width: 480px) {
  .panel, .left .panel { inset: 0; width: 100%; height: 100%; height: var(--high, 100dvh); border-radius: 0; box-shadow: none; }
  .head { padding-top: max(12px, env(safe-area-inset-top)); }
  .open .launcher { display: none; }
}
@media (max-height: 520px) and (min-width: 481px) { .panel { bottom: 10px; height: calc(100vh - 20px); right: 92px; } .left .panel { right: auto; left: 92px; } }
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation-duration: .01ms !important; animation-iteration-count: 1 !important; transition: none !important; } }
@media (forced-colors: active) { .bubble, .choice, .launcher, .panel { border: 1px solid; } }
@media print { :host { display: none; } }
`;

  // --- the elements --------------------------------------------------------------------------------

  const host = h("tongdai-chat");
  const root = host.attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = h("style", { nonce: script.nonce || undefined });
    style.textContent = STYLE;
    root.append(style);
  }
  for (const [name, value] of Object.entries(colours)) host.style.setProperty(name, value);
  host.lang = language;

  const ui = {};
  ui.badge = h("span", { class: "badge", test: "badge", hidden: true });
  ui.launcher = h(
    "button",
    { class: "launcher", type: "button", test: "launcher", "aria-expanded": "false", "aria-controls": "panel", onclick: () => toggle() },
    icon("chat"), icon("down"), ui.badge,
  );
  ui.initial = h("span", { "aria-hidden": "true" });
  ui.dot = h("span", { class: "dot" });
  ui.title = h("h2", { class: "title", id: "title", test: "title" });
  ui.status = h("p", { class: "status", test: "status" });
  ui.leave = h("button", { class: "tool", type: "button", test: "leave", "aria-label": say.leave, title: say.leave, hidden: true, onclick: () => ask(true) }, icon("leave"));
  ui.close = h("button", { class: "tool", type: "button", test: "close", "aria-label": say.close, title: say.close, onclick: () => close() }, icon("down"));
  ui.banner = h("div", { class: "bar banner", role: "alert", test: "banner", hidden: true });
  ui.bannerText = h("span");
  ui.banner.append(ui.bannerText, h("button", { type: "button", test: "retry", onclick: again }, say.retry));
  ui.place = h("b");
  ui.still = h("small");
  ui.waiting = h("div", { class: "bar waiting", role: "status", test: "waiting", hidden: true }, h("i", { class: "spin", "aria-hidden": "true" }), h("span", null, ui.place, ui.still));
  ui.yes = h("button", { class: "yes", type: "button", test: "leave-yes", onclick: () => leave() }, say.yes);
  ui.sure = h("div", { class: "bar sure", role: "group", "aria-label": say.sure, hidden: true }, h("span", null, say.sure), ui.yes,
    h("button", { type: "button", test: "leave-no", onclick: () => ask(false) }, say.no));
  ui.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": say.log, tabindex: "0", test: "log", onscroll: () => scrolled() });
  ui.hello = h("div", { class: "row them first last hello" }, h("div", { class: "bubble" }, set.greeting || say.greeting));
  ui.dots = h("div", { class: "dots", test: "typing", hidden: true, "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  ui.typing = h("div", { class: "hide", role: "status" });
  ui.log.append(ui.hello, ui.dots);
  ui.newer = h("button", { class: "newer", type: "button", hidden: true, onclick: () => { bottom = true; paint(); ui.input.focus(); } }, icon("more"), say.newer);
  ui.chips = h("div", { class: "chips", hidden: true });
  ui.file = h("input", { type: "file", multiple: true, test: "file", hidden: true, tabindex: "-1", "aria-label": say.attach, onchange: () => { attach([...ui.file.files]); ui.file.value = ""; } });
  ui.attach = h("button", { class: "tool", type: "button", test: "attach", "aria-label": say.attach, title: say.attach, onclick: () => ui.file.click() }, icon("clip"));
  ui.input = h("textarea", { rows: "1", test: "input", "aria-label": say.input, placeholder: say.write, maxlength: "4000", enterkeyhint: "send", autocomplete: "off" });
  ui.send = h("button", { class: "tool send", type: "button", test: "send", "aria-label": say.send, title: say.send, disabled: true, onclick: () => submit() }, icon("send"));
  ui.panel = h(
    "section",
    { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", test: "panel", hidden: true },
    h("header", { class: "head" }, h("div", { class: "face" }, ui.initial, ui.dot), h("div", { class: "who" }, ui.title, ui.status), ui.leave, ui.close),
    ui.banner, ui.sure, ui.waiting, ui.log, ui.typing,
    h("div", { class: "foot" }, ui.newer, ui.chips, h("div", { class: "compose" }, ui.attach, ui.file, ui.input, ui.send)),
  );
  ui.all = h("div", { class: set.position === "left" ? "left" : "" }, ui.launcher, ui.panel);
  root.append(ui.all);

  // --- painting ------------------------------------------------------------------------------------

  let bottom = true; // whether the log follows what comes
  let quiet = true; // what is painted first was there before: nothing is read aloud
  const nodes = new Map();

  const linked = (text) => {
    const parts = [];
    let from = 0;
    for (const found of text.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g)) {
      parts.push(text.slice(from, found.index));
      parts.push(h("a", { href: found[0], target: "_blank", rel: "noopener noreferrer nofollow" }, found[0]));
      from = found.index + found[0].length;
    }
    parts.push(text.slice(from));
    return parts;
  };
  const fileNode = (file) => {
    const name = file.name || say.file;
    let href = null;
    try {
      href = file.url ? new URL(file.url, base) : null;
    } catch {
      // (no address: its name is shown)
    }
    const safe = href && (href.protocol === "https:" || href.protocol === "http:") ? href.href : undefined;
    const attributes = { href: safe, target: "_blank", rel: "noopener noreferrer", download: name };
    if (safe && /^image\/(png|jpeg|gif|webp)$/.test(file.kind)) {
      const image = h("img", { src: safe, alt: name, loading: "lazy", decoding: "async", onload: () => { if (bottom) scroll(); } });
      return h("a", { ...attributes, class: "picture", "aria-label": name }, image);
    }
    return h("a", { ...attributes, class: "file" }, icon("file"), h("span", null, h("b", null, name), h("small", null, file.size ? bytes(file.size) : "")));
  };
  const build = (line) => {
    if (line.who === "note") {
      const text = line.kind === "served" ? say.served(line.name) : say[line.kind];
      return { node: h("div", { class: `note ${line.kind === "served" ? "" : "end"}`, test: "note", "data-kind": line.kind }, text) };
    }
    const made = { name: h("div", { class: "name", hidden: true }), time: h("time"), tick: h("span") };
    made.node = h("div", { class: "row", test: "message", "data-who": line.who });
    made.node.append(made.name);
    if (line.who === "me") made.node.append(h("span", { class: "hide" }, `${say.you}: `));
    if (line.files && line.files.length) made.node.append(h("div", { class: "files" }, ...line.files.map(fileNode)));
    if (line.text) made.node.append(h("div", { class: "bubble" }, ...linked(line.text)));
    if (line.buttons && line.buttons.length) {
      made.choices = line.buttons.map((button) =>
        h("button", { class: "choice", type: "button", test: "choice", "data-key": button.key, onclick: () => tap(line, button) }, button.label));
      made.node.append(h("div", { class: "choices", role: "group", "aria-label": line.text || undefined }, ...made.choices));
    }
    made.node.append(h("div", { class: "meta" }, made.time, made.tick));
    return made;
  };
  const dress = (line, made, before, after) => {
    if (line.who === "note") return;
    const joins = (other) => other && other.who === line.who && (other.name || "") === (line.name || "")
      && Math.abs(other.at - line.at) < 300000 && day(other.at) === day(line.at);
    const { node } = made;
    const where = line.who === "me" ? stateOf(line) : "";
    const look = `row ${line.who} ${joins(before) ? "" : "first"} ${joins(after) ? "" : "last"} ${where === "sending" ? "pending" : ""}`;
    if (made.look !== look) node.className = made.look = look;
    made.name.hidden = line.who !== "them" || !line.name || joins(before);
    made.name.textContent = line.name || "";
    if (line.n) node.setAttribute("data-n", line.n);
    if (made.at !== line.at) {
      made.at = line.at;
      made.time.textContent = clock.format(line.at);
      made.time.dateTime = new Date(line.at).toISOString();
    }
    if (where && made.state !== where) {
      made.state = where;
      node.setAttribute("data-state", where);
      made.tick.replaceChildren(...(where === "failed" ? [say.failed] : [h("span", { class: "hide" }, say[where])]), icon(where));
      made.tick.title = say[where];
    }
    if (made.choices) {
      const answer = lines.find((each) => each.to === line.n && !each.failed);
      const over = Boolean(answer) || line.over || !running();
      for (const button of made.choices) {
        const chosen = answer && (answer.choice ? answer.choice === button.dataset.key : answer.text === button.textContent);
        button.disabled = over;
        button.classList.toggle("chosen", Boolean(chosen));
        if (chosen) button.setAttribute("aria-pressed", "true");
      }
    }
  };
  const paintLog = () => {
    ui.log.setAttribute("aria-live", quiet || !state.open ? "off" : "polite");
    const here = [ui.hello];
    const kept = new Set();
    lines.forEach((line, at) => {
      const before = lines[at - 1];
      if (!before || day(before.at) !== day(line.at)) {
        const name = `day ${day(line.at)}`;
        if (!nodes.has(name)) nodes.set(name, { node: h("div", { class: "day" }, dayName(line.at)) });
        kept.add(name);
        here.push(nodes.get(name).node);
      }
      let made = nodes.get(line);
      if (!made) nodes.set(line, (made = build(line)));
      kept.add(line);
      dress(line, made, before, lines[at + 1]);
      here.push(made.node);
    });
    for (const [key, made] of nodes) {
      if (!kept.has(key)) {
        made.node.remove();
        nodes.delete(key);
      }
    }
    // Nodes that stand where they should are not touched: what is read aloud is only what is new.
    here.push(ui.dots);
    let next = null;
    for (const node of here.reverse()) {
      if (node.nextSibling !== next || node.parentNode !== ui.log) ui.log.insertBefore(node, next);
      next = node;
    }
  };
  const paint = () => {
    const name = state.agent;
    const title = name || set.title || say.title;
    ui.title.textContent = title;
    ui.status.textContent = name ? say.serves : set.subtitle || say.subtitle;
    // (a Vietnamese name ends with the one that people are called by)
    const called = name && language === "vi" ? name.trim().split(/\s+/).pop() : title.trim();
    ui.initial.textContent = ([...called][0] || "").toUpperCase();
    ui.dot.classList.toggle("on", state.line === "on");
    const away = state.line !== "on" && (state.refused || !navigator.onLine || (state.since && Date.now() - state.since > 1500));
    ui.banner.hidden = !away;
    if (away) {
      const kept = lines.some((line) => line.who === "me" && !line.n);
      ui.bannerText.textContent = state.refused ? say.refused : kept ? say.offlineKept : say.offline;
    }
    ui.waiting.hidden = !state.waiting;
    if (state.waiting) {
      const { place: at, still } = state.waiting;
      ui.place.textContent = at ? say.place(at) : say.waits;
      ui.still.textContent = still || still === 0 ? say.still(still) : "";
      ui.still.hidden = !ui.still.textContent;
    }
    ui.dots.hidden = !state.typing;
    const typing = state.typing ? say.typing(name) : "";
    if (ui.typing.textContent !== typing) ui.typing.textContent = typing;
    const talking = running();
    ui.leave.hidden = !talking;
    if (!talking) ui.sure.hidden = true;
    ui.input.placeholder = !talking && lines.length ? say.anew : say.write;
    ui.input.maxLength = state.limits.text;
    if (state.limits.kinds.length) ui.file.accept = state.limits.kinds.join(",");
    ui.attach.hidden = Boolean(state.epoch) && !state.limits.file;
    paintLog();
    ready();
    if (bottom && state.open) scroll();
    read();
    const unread = lines.filter((line) => line.who === "them" && line.n > state.marks.seen).length;
    if (unread !== state.unread) {
      state.unread = unread;
      tell("unread", unread);
    }
    ui.badge.hidden = state.open || !unread;
    ui.badge.textContent = unread > 99 ? "99+" : String(unread);
    ui.launcher.setAttribute("aria-label", state.open ? say.launched : unread ? `${say.launch}. ${say.unread(unread)}` : say.launch);
    ui.newer.hidden = bottom || !state.missed;
  };
  const scroll = () => { ui.log.scrollTop = ui.log.scrollHeight; state.missed = false; };
  const scrolled = () => {
    const near = ui.log.scrollHeight - ui.log.scrollTop - ui.log.clientHeight < 60;
    bottom = near;
    if (near) {
      state.missed = false;
      ui.newer.hidden = true;
      read();
    }
  };
  const read = () => {
    // What has come is told once; what is on the screen of somebody who looks is read.
    const theirs = lines.filter((line) => line.who === "them" && line.n);
    const last = theirs.length ? theirs[theirs.length - 1].n : 0;
    if (state.line !== "on" || !last) return;
    const looking = state.open && document.visibilityState === "visible" && bottom;
    if (!looking && last > state.marks.seen && state.open && !bottom) state.missed = true;
    if (looking && last > state.marks.seen) {
      state.marks.seen = state.marks.got = last;
      write({ t: "seen", upto: last });
    } else if (last > state.marks.got) {
      state.marks.got = last;
      write({ t: "got", upto: last });
    }
  };

  // --- what people do ------------------------------------------------------------------------------

  let uploads = [];
  let told = 0;

  const ready = () => {
    const done = uploads.every((each) => each.done);
    ui.send.disabled = !done || (!ui.input.value.trim() && !uploads.length);
  };
  const grow = () => {
    ui.input.style.height = "44px";
    ui.input.style.height = `${Math.max(44, Math.min(132, ui.input.scrollHeight + 2))}px`;
  };
  const submit = () => {
    ready();
    if (ui.send.disabled) return;
    const written = ui.input.value.trim();
    const text = written.toWellFormed ? written.toWellFormed() : written; // (no half characters)
    const files = uploads.map((each) => each.done);
    const frame = { t: "say", id: newId(), text };
    if (files.length) frame.files = files.map((each) => each.file);
    uploads.forEach((each) => each.chip.remove());
    uploads = [];
    ui.chips.hidden = true;
    ui.input.value = "";
    storage.drop("draft");
    told = 0;
    grow();
    post(frame, { text, files });
    ui.input.focus();
  };
  const tap = (line, button) => {
    post({ t: "say", id: newId(), choice: button.key, to: line.n }, { text: button.label, to: line.n, choice: button.key });
    ui.input.focus();
  };
  const ask = (open) => {
    ui.sure.hidden = !open;
    (open ? ui.yes : ui.input).focus();
  };
  const leave = () => {
    ask(false);
    post({ t: "leave", id: newId() }, { who: "note", kind: "left" });
  };
  const attach = (files) => {
    for (const file of files) {
      const { limits } = state;
      const chip = h("div", { class: "chip" }, h("b", null, file.name || say.file));
      const note = h("small", { role: "status" }, bytes(file.size));
      const upload = { chip, done: null };
      const drop = h("button", { class: "tool", type: "button", "aria-label": `${say.drop}: ${file.name}`, onclick: () => {
        if (upload.call) upload.call.abort();
        uploads = uploads.filter((each) => each !== upload);
        chip.remove();
        ui.chips.hidden = !ui.chips.children.length;
        ready();
        ui.input.focus();
      } }, icon("cross"));
      chip.append(note, drop);
      ui.chips.append(chip);
      ui.chips.hidden = false;
      const bad = (why) => {
        note.textContent = why;
        chip.classList.add("bad");
        uploads = uploads.filter((each) => each !== upload);
        ready();
      };
      const kind = file.type || "application/octet-stream";
      const known = !limits.kinds.length || limits.kinds.includes(kind) || limits.kinds.includes(`${kind.split("/")[0]}/*`);
      if (uploads.length >= limits.files) bad(say.tooMany(limits.files));
      else if (limits.file && file.size > limits.file) bad(say.tooLarge(bytes(limits.file)));
      else if (!known) bad(say.badKind);
      else {
        uploads.push(upload);
        const bar = h("progress", { max: "1", value: "0", "aria-label": `${say.uploading}: ${file.name}` });
        chip.append(bar);
        const url = new URL("files", base);
        url.searchParams.set("name", file.name || "");
        const call = (upload.call = new XMLHttpRequest());
        call.open("POST", url);
        call.setRequestHeader("content-type", kind);
        call.setRequestHeader("authorization", `Bearer ${storage.get("token")}`);
        call.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; };
        call.onload = () => {
          bar.remove();
          if (call.status !== 200) return bad(call.status === 413 ? say.tooLarge(bytes(limits.file)) : call.status === 415 ? say.badKind : say.failedFile);
          upload.done = JSON.parse(call.responseText);
          ready();
        };
        call.onerror = () => { bar.remove(); bad(say.failedFile); };
        call.send(file);
      }
    }
    ready();
    ui.input.focus();
  };

  const open = () => {
    if (state.open) return;
    state.open = true;
    bottom = true;
    ui.panel.hidden = false;
    ui.all.classList.add("open");
    ui.launcher.setAttribute("aria-expanded", "true");
    const full = matchMedia("(max-width: 480px)").matches;
    ui.panel.setAttribute("aria-modal", String(full));
    storage.put("open", "1");
    if (state.line === "off") connect();
    fitScreen();
    grow();
    paint();
    ui.input.focus({ preventScroll: true });
    setTimeout(() => { quiet = false; }, 1000);
    tell("open");
  };
  const close = () => {
    if (!state.open) return;
    state.open = false;
    ui.panel.hidden = true;
    ui.all.classList.remove("open");
    ui.launcher.setAttribute("aria-expanded", "false");
    storage.drop("open");
    paint();
    ui.launcher.focus({ preventScroll: true });
    tell("close");
  };
  const toggle = () => (state.open ? close() : open());
  const fitScreen = () => {
    // (on a telephone the keyboard covers part of what 100dvh is)
    const view = window.visualViewport;
    if (view && matchMedia("(max-width: 480px)").matches) {
      ui.panel.style.setProperty("--high", `${view.height}px`);
      ui.panel.style.top = `${view.offsetTop}px`;
    } else {
      ui.panel.style.removeProperty("--high");
      ui.panel.style.removeProperty("top");
    }
    if (bottom && state.open) scroll();
  };

  ui.input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      submit();
    }
  });
  ui.input.addEventListener("input", () => {
    grow();
    ready();
    storage.put("draft", ui.input.value);
    if (ui.input.value.trim() && Date.now() - told > 3000) {
      told = Date.now();
      if (running()) write({ t: "typing" });
    }
  });
  ui.input.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData ? event.clipboardData.files : [])];
    if (files.length) {
      event.preventDefault();
      attach(files);
    }
  });
  ui.panel.addEventListener("dragover", (event) => event.preventDefault());
  ui.panel.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer) attach([...event.dataTransfer.files]);
  });
  ui.panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (ui.sure.hidden) close();
      else ask(false);
    }
    if (event.key === "Tab" && ui.panel.getAttribute("aria-modal") === "true") {
      const stops = [...ui.panel.querySelectorAll("button, textarea, a[href], [tabindex='0']")]
        .filter((each) => !each.disabled && each.offsetParent !== null);
      const at = event.shiftKey ? 0 : stops.length - 1;
      if (root.activeElement === stops[at]) {
        event.preventDefault();
        stops[stops.length - 1 - at].focus();
      }
    }
  });
  if (window.visualViewport) {
    window.visualViewport.addEventListener("resize", fitScreen);
    window.visualViewport.addEventListener("scroll", fitScreen);
  }
  window.addEventListener("online", again);
  window.addEventListener("offline", () => { if (socket) { socket.close(); lost(); } else paint(); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    if (state.line === "on" && Date.now() - heard > 10000) write({ t: "ping" });
    again();
    read();
    paint();
  });

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => host.toggleAttribute("data-dark", set.theme === "dark" || (set.theme !== "light" && dark.matches));
  dark.addEventListener("change", theme);
  theme();

  window.TongdaiChat = Object.freeze({
    open, close, toggle,
    forget() { forget(); close(); },
    on(name, listener) {
      (listeners[name] ||= []).push(listener);
      return () => { listeners[name] = listeners[name].filter((each) => each !== listener); };
    },
  });

  // --- begin: what was under way before the page was loaded is under way again -----------------------

  // (unless it is of somebody who is not signed in any more)
  if (storage.get("user") && storage.get("user") !== subject()) wipe();
  for (const { frame, shown } of outbox.all()) {
    const line = { id: frame.id, at: Date.now(), who: "me", kind: "text", ...shown };
    byId.set(line.id, line);
    place(line);
  }
  const begin = () => {
    document.body.append(host);
    ui.input.value = storage.get("draft");
    grow();
    paint();
    if (storage.get("open") || "open" in set) {
      const before = document.activeElement;
      open();
      if (before && before !== document.body) before.focus({ preventScroll: true });
    } else if (wantsLine()) connect();
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
