<?php

declare(strict_types=1);

namespace EtuServices;

/** A person with an account. */
final class User
{
    public function __construct(
        public readonly int $id,
        public readonly string $lastName,
        public readonly string $firstName,
        public readonly string $email,
        #[\SensitiveParameter] public readonly string $hash,
    ) {
    }

    /** What other people may read: the first name, and the first letter of the last one. */
    public function publicName(): string
    {
        return $this->firstName . (preg_match('/^\X/u', $this->lastName, $first) === 1 ? " $first[0]." : '');
    }
}

/** An account with this e-mail exists already. */
final class EmailTaken extends \RuntimeException
{
}

/** The table `utilisateurs`. The database compares e-mails without case. */
final class Users
{
    private const COLUMNS = 'id, nom, prenom, email, mot_de_passe';
    /** MySQL's error number for a second row with the same unique key. */
    private const DUPLICATE = 1062;

    public function __construct(private readonly \PDO $database)
    {
    }

    public function byId(int $id): ?User
    {
        return $this->find('id = ?', [$id])[0] ?? null;
    }

    public function byEmail(string $email): ?User
    {
        return $this->find('email = ?', [$email])[0] ?? null;
    }

    /**
     * The people behind ids and e-mails.
     *
     * @param list<string> $keys
     * @return array<string, User> by key
     */
    public function byKeys(array $keys): array
    {
        $ids = array_values(array_filter($keys, static fn (string $key): bool => ctype_digit($key)));
        $emails = array_values(array_diff($keys, $ids));
        $people = [];
        $condition = self::among('id', $ids) . ' OR ' . self::among('email', $emails);
        foreach ($this->find($condition, [...$ids, ...$emails]) as $user) {
            foreach ($keys as $key) {
                if ($key === (string) $user->id || strtolower($key) === strtolower($user->email)) {
                    $people[$key] = $user;
                }
            }
        }
        return $people;
    }

    /** @throws EmailTaken */
    public function add(string $lastName, string $firstName, string $email, #[\SensitiveParameter] string $hash): void
    {
        try {
            $this->run(
                'INSERT INTO utilisateurs (nom, prenom, email, mot_de_passe) VALUES (?, ?, ?, ?)',
                [$lastName, $firstName, $email, $hash]
            );
        } catch (\PDOException $refused) {
            throw ($refused->errorInfo[1] ?? null) === self::DUPLICATE ? new EmailTaken() : $refused;
        }
    }

    public function renewHash(User $user, #[\SensitiveParameter] string $hash): void
    {
        $this->run('UPDATE utilisateurs SET mot_de_passe = ? WHERE id = ?', [$hash, $user->id]);
    }

    /** @param list<string> $values */
    private static function among(string $column, array $values): string
    {
        return $values === [] ? 'FALSE' : $column . ' IN (' . implode(', ', array_fill(0, count($values), '?')) . ')';
    }

    /**
     * @param list<int|string> $values
     * @return list<User>
     */
    private function find(string $condition, array $values): array
    {
        $rows = $this->run('SELECT ' . self::COLUMNS . " FROM utilisateurs WHERE $condition", $values)->fetchAll();
        return array_map(
            static fn (array $row): User =>
                new User((int) $row['id'], $row['nom'], $row['prenom'], $row['email'], $row['mot_de_passe']),
            $rows
        );
    }

    /** @param list<int|string> $values */
    private function run(string $sql, #[\SensitiveParameter] array $values): \PDOStatement
    {
        $statement = $this->database->prepare($sql);
        $statement->execute($values);
        return $statement;
    }
}
