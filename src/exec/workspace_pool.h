// Workspaces that no run uses just now, taken and given back without a lock.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "exec/backend.h"

namespace lanewise::exec {

class WorkspacePool {
 public:
  WorkspacePool() = default;
  ~WorkspacePool() {
    for (auto& place : idle_) delete place.load();
  }
  WorkspacePool(const WorkspacePool&) = delete;
  WorkspacePool& operator=(const WorkspacePool&) = delete;

  // Most likely the one that this thread gave back, whose memory its cache holds.
  std::unique_ptr<Workspace> take() {
    for (std::size_t i = 0; i < kPlaces; ++i) {
      std::atomic<Workspace*>& place = idle_[(home() + i) % kPlaces];
      if (!place.load(std::memory_order_relaxed)) continue;
      if (Workspace* found = place.exchange(nullptr, std::memory_order_acquire))
        return std::unique_ptr<Workspace>(found);
    }
    return std::make_unique<Workspace>();
  }

  void give_back(std::unique_ptr<Workspace> workspace) {
    for (std::size_t i = 0; i < kPlaces; ++i) {
      Workspace* nobody = nullptr;
      if (idle_[(home() + i) % kPlaces].compare_exchange_strong(nobody, workspace.get(),
                                                                std::memory_order_release)) {
        workspace.release();
        return;
      }
    }
  }

 private:
  static constexpr std::size_t kPlaces = 64;

  static std::size_t home() {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t mine = threads++;
    return mine;
  }

  std::array<std::atomic<Workspace*>, kPlaces> idle_{};
};

}  // namespace lanewise::exec
