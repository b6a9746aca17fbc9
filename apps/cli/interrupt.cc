#include "cli/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "io/atomic_file.h"

namespace lanewise::cli {
namespace {

std::atomic<bool> watched = false, asked = false;
std::atomic<std::thread::id> speaker;  // who has the last word

// Unlike a signal handler it may do anything.
void wait(const sigset_t& signals, const std::function<void()>& tell) {
  int signal = 0;
  do sigwait(&signals, &signal);
  while (watched && !asked.exchange(true));
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // another one ends even what hangs below
  take_last_word();
  remove_temporary_files();
  try {
    tell();
  } catch (...) {  // nobody reads it
  }
  std::_Exit(kInterrupted);
}

}  // namespace

void end_on_interrupts(std::function<void()> tell) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM}) {
    sigaddset(&signals, number);
    std::signal(number, SIG_DFL);  // a script's background jobs ignore them, and none would come
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // of this thread and all that it starts
  std::thread(wait, signals, std::move(tell)).detach();
}

void watch_interrupts() { watched = true; }

bool interrupted() { return asked; }

void take_last_word() {
  const std::thread::id self = std::this_thread::get_id();
  std::thread::id nobody;
  if (speaker.compare_exchange_strong(nobody, self) || nobody == self) return;
  for (;;) pause();
}

}  // namespace lanewise::cli
