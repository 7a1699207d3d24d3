/*
 * The cart: the amount follows the ticked charges. Without this script a button of the form asks
 * the server to add up; with it the button is not needed.
 */
(function () {
  "use strict";

  var form = document.getElementById("payer");
  var amount = document.getElementById("montant");
  var ticks = form ? form.querySelectorAll("[data-cents]") : [];
  var again = document.getElementById("recalculer");

  function written(cents) {
    var digits = Number(form.dataset.digits), text = String(cents);

    if (!digits) {
      return text;
    }
    while (text.length <= digits) {
      text = "0" + text;
    }
    return text.slice(0, -digits) + "," + text.slice(-digits);
  }

  function follow() {
    var sum = 0, ticked = 0;

    Array.prototype.forEach.call(ticks, function (tick) {
      if (tick.checked) {
        sum += Number(tick.dataset.cents);
        ticked += 1;
      }
    });
    if (ticked === ticks.length) {
      sum = Number(form.dataset.all);
    }
    amount.value = sum > 0 ? written(sum) : "";
  }

  if (!amount || !ticks.length) {
    return;
  }
  if (again) {
    again.hidden = true;
    again.disabled = true; /* else the key Enter would press it */
  }
  Array.prototype.forEach.call(ticks, function (tick) {
    tick.addEventListener("change", follow);
  });
}());
