// Counts the wait down. Without scripts, the page says the moment all the same.
'use strict';

const NBSP = '\u00a0';

/** "6 min 57 s" of whole seconds, as the page itself writes it. */
function inFrench(seconds) {
  const units = [['j', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const words = [];
  for (const [unit, size] of units) {
    const number = Math.floor(seconds / size);
    seconds %= size;
    if (number > 0) words.push(number + NBSP + unit);
  }
  return words.join(NBSP);
}

for (const timer of document.querySelectorAll('[data-seconds]')) {
  // By the clock, not by counting: a sleeping tab or computer misses ticks.
  const end = Date.now() + 1000 * Number(timer.dataset.seconds);
  const show = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    timer.textContent = left > 0 ? 'Encore ' + inFrench(left) : 'Vous pouvez réessayer maintenant.';
    timer.classList.toggle('over', left <= 0);
    if (left <= 0) clearInterval(ticking);
  };
  const ticking = setInterval(show, 500);
  show();
  timer.hidden = false;
}
