() => {
  // What is wrong with a page for those who cannot see it well, or use no mouse (WCAG 2.2 AA).
  const wrong = [];
  const visible = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden' && !e.closest('.hush');
  const name = (e) => (e.getAttribute('aria-label') || (e.labels && [...e.labels].map((l) => l.textContent).join(' '))
    || e.getAttribute('alt') || (e.id && '') || e.textContent || '').trim();
  for (const e of document.querySelectorAll('button, a[href], input:not([type=file]), textarea, select, [role=radio]')) {
    if (visible(e) && !name(e)) wrong.push(`no name: ${e.outerHTML.slice(0, 120)}`);
  }
  for (const e of document.querySelectorAll('img')) if (!e.hasAttribute('alt')) wrong.push('img without alt');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((each) => each === id).length > 1) wrong.push(`id twice: ${id}`);
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const colour = (text) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
  const behind = (e) => { if (!e) return [255, 255, 255, 1];
    const s = getComputedStyle(e); let found = colour(s.backgroundColor);
    const stops = s.backgroundImage.match(/(rgba?|oklch|oklab|color)\([^)]*\)/g);
    if (stops) found = colour(stops[0]);
    return found[3] === 1 ? found : over(found, behind(e.parentElement)); };
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !visible(e) || e.closest('script, style, [hidden], :disabled')) continue;
    const s = getComputedStyle(e), ground = behind(e);
    const ink = over(colour(s.color), ground);
    let opacity = 1; for (let n = e; n; n = n.parentElement) opacity *= Number(getComputedStyle(n).opacity);
    const seen = over([...ink.slice(0, 3), opacity], ground);
    const [a, b] = [light(seen), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(s.fontSize) >= 24 || (parseFloat(s.fontSize) >= 18.66 && Number(s.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 40)} (${e.className || e.tagName})`);
  }
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`wider than the window: ${document.documentElement.scrollWidth}`);
  for (const e of document.querySelectorAll('button, textarea, select')) {
    const box = e.getBoundingClientRect();
    if (visible(e) && (box.width < 24 || box.height < 24)) wrong.push(`small target: ${e.outerHTML.slice(0, 80)}`);
  }
  for (const e of document.querySelectorAll('dl > div')) if (e.firstElementChild.tagName !== 'DT') wrong.push(`what it is comes after how much it is: ${e.textContent}`);
  if (!document.documentElement.lang) wrong.push('no language');
  for (const e of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(e.getAttribute('aria-labelledby'))) wrong.push('label is not there');
  return wrong;
}
