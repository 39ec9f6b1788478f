<?php
// A page that asks again and again: page.php CALLS COMMAND prints the median of its calls in milliseconds.
declare(strict_types=1);

[, $calls, $command] = $argv;
$times = [];
for ($call = 0; $call < (int) $calls; $call++) {
    $begin = hrtime(true);
    $answer = shell_exec("exec $command");
    $times[] = (hrtime(true) - $begin) / 1e6;
    if (!is_string($answer) || $answer === '') {
        fwrite(STDERR, "no answer\n");
        exit(1);
    }
}
sort($times);
echo $times[intdiv(count($times), 2)], "\n";
