<?php

declare(strict_types=1);

namespace EtuServices;

/** No form of this site is larger, in bytes. */
const LARGEST_FORM = 65536;

/**
 * Answers the request: with the handler of its method, or with a page that says why not. Whatever fails, visitors read
 * a sentence and never a message of PHP, and the log gets one line.
 *
 * @param array<string, callable(Site): Response> $handlers by method
 * @param bool $isActivity whether the visitor did something; else the session ends as if nothing had been asked for
 */
function serve(array $handlers, bool $isActivity = true): void
{
    ini_set('display_errors', '0');
    set_error_handler(static function (int $severity, string $message, string $file, int $line): bool {
        if ((error_reporting() & $severity) === 0) {
            return false; // silenced with @
        }
        throw new \ErrorException($message, 0, $severity, $file, $line);
    });
    $site = null;
    $failure = null;
    try {
        $config = Config::load();
        date_default_timezone_set($config->timezone()->getName());
        $now = new \DateTimeImmutable();
        $site = new Site($config, Session::start($config, $now->getTimestamp(), $isActivity), $now);
        $method = method($handlers);
        if ($method === 'POST' && !$site->session->accepts($_POST['jeton'] ?? null)) {
            throw Problem::foreignForm();
        }
        $response = $handlers[$method]($site);
    } catch (\Throwable $failure) {
        $problem = problem($failure);
        $content = static fn () => View\problem($problem);
        $response = Response::page(View\page($problem->title, $content, $site?->session), $problem->status, $problem->headers);
    }
    // A database that was away a moment ago is not asked again.
    if (!$failure instanceof \PDOException) {
        $site?->visit->endExpired();
        if ($isActivity) {
            $site?->visit->goOn();
        }
        if ($failure === null && $response->isPage()) {
            $site->visit->view();
        }
        $site?->tell();
    }
    $response->send();
}

/**
 * The same for pages that only users who are logged in may see.
 *
 * @param array<string, callable(Site, User): Response> $handlers by method
 */
function serve_users(array $handlers): void
{
    serve(array_map(
        static fn (callable $handler): callable => static function (Site $site) use ($handler): Response {
            $user = $site->user();
            if ($user !== null) {
                return $handler($site, $user);
            }
            if ($site->session->userId() !== null) {
                $site->visit->logOut(EndContext::None);
            }
            $site->session->tell('Connectez-vous pour voir cette page.');
            return Response::see('login.php');
        },
        $handlers
    ));
}

/**
 * The handler's name for the request's method.
 *
 * @param array<string, callable> $handlers
 */
function method(array $handlers): string
{
    $method = $_SERVER['REQUEST_METHOD'] === 'HEAD' ? 'GET' : $_SERVER['REQUEST_METHOD'];
    if (!isset($handlers[$method])) {
        throw Problem::wrongMethod(isset($handlers['GET']) ? [...array_keys($handlers), 'HEAD'] : array_keys($handlers));
    }
    if ((int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > LARGEST_FORM) {
        throw Problem::tooLarge();
    }
    return $method;
}

/** What visitors are told of a failure; the log is told the rest. */
function problem(\Throwable $failure): Problem
{
    if ($failure instanceof Problem) {
        return $failure;
    }
    $known = match (true) {
        $failure instanceof \PDOException => "MySQL: {$failure->getMessage()}",
        $failure instanceof Unavailable, $failure instanceof Misconfigured => $failure->getMessage(),
        default => null,
    };
    Log::line($known ?? get_class($failure) . ": {$failure->getMessage()} ({$failure->getFile()}:{$failure->getLine()})");
    return $known === null ? Problem::ours() : Problem::unavailable();
}
