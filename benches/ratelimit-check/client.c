/* The least that a process can do to ask Redis one question: connect, send, receive, print, end.
 *
 * It sends the very bytes that ratelimit-check sends, which question.h holds (the benchmark records them), to the Unix
 * socket named there. With -DWITHOUT_LIBC (x86_64 only) it is the floor of fork, exec and one round trip; without, it is
 * what a C programmer would write.
 */
#include "question.h" /* SOCKET, QUESTION, QUESTION_LENGTH */

#ifdef WITHOUT_LIBC

typedef unsigned long size_t;
struct address { unsigned short family; char path[108]; };

static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
#define read(fd, to, count) call(0, fd, (long)(to), count)
#define write(fd, from, count) call(1, fd, (long)(from), count)
#define socket(family, type, protocol) call(41, family, type, protocol)
#define connect(fd, address, length) call(42, fd, (long)(address), length)
#define _exit(status) call(60, status, 0, 0)
#define AF_UNIX 1
#define SOCK_STREAM 1

void *memcpy(void *to, const void *from, size_t count)
{
    for (size_t at = 0; at < count; at++)
        ((char *)to)[at] = ((const char *)from)[at];
    return to;
}
#define main run

#else

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#endif

int main(void)
{
#ifdef WITHOUT_LIBC
    static struct address address = { AF_UNIX, SOCKET };
#else
    static struct sockaddr_un address = { AF_UNIX, SOCKET };
#endif
    char answer[4096];
    long fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (void *)&address, sizeof address) < 0)
        return 1;
    if (write(fd, QUESTION, QUESTION_LENGTH) != QUESTION_LENGTH)
        return 1;
    long count = read(fd, answer, sizeof answer);
    /* An error of Redis is no answer. */
    if (count <= 0 || answer[0] == '-')
        return 1;
    return write(1, answer, count) != count;
}

#ifdef WITHOUT_LIBC
void _start(void)
{
    _exit(main());
}
#endif
